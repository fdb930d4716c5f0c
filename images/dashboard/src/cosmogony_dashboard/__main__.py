# SPDX-License-Identifier: Apache-2.0
"""The program `dashboard`, also `python -m cosmogony_dashboard`."""

import sys

from cosmogony_steps import watch


def main() -> int:
    """Run the command of the command line; return its exit code. Commands of steps run under the stall watch."""
    return watch.run_program("cosmogony_dashboard.cli")


if __name__ == "__main__":
    sys.exit(main())
