# SPDX-License-Identifier: Apache-2.0
"""The importer as `python -m cosmogony_importer`."""

import sys

from cosmogony_steps import watch


def main() -> int:
    """Run the command of the command line under the stall watch; return its exit code."""
    return watch.run_program("cosmogony_importer.cli")


if __name__ == "__main__":
    sys.exit(main())
