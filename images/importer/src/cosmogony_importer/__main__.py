# SPDX-License-Identifier: Apache-2.0
"""The importer as `python -m cosmogony_importer`."""

import sys

from cosmogony_steps import watch


def main() -> int:
    """Run the command of the command line under the stall watch; return its exit code."""
    watch.continue_in_watched_child(sys.argv[1] if len(sys.argv) > 1 else "import.py")
    from .cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
