# SPDX-License-Identifier: Apache-2.0
"""The program `dashboard`, also `python -m cosmogony_dashboard`."""

import sys

from cosmogony_steps import watch


def main() -> int:
    """Run the command of the command line; return its exit code. Commands of steps run under the stall watch."""
    if sys.argv[1:2] and not sys.argv[1].startswith("-"):
        watch.continue_in_watched_child(sys.argv[1])
    from .cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
