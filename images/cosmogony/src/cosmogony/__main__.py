# SPDX-License-Identifier: Apache-2.0
"""The program `cosmogony`, also `python -m cosmogony`."""

import sys

from .pipeline import STEPS


def main() -> int:
    """Run the command of the command line; return its exit code. Steps of a data update run under a watch."""
    step = sys.argv[1] if len(sys.argv) > 1 else ""
    if step in STEPS:
        try:
            from cosmogony_steps import watch
        except ModuleNotFoundError:
            print(
                f"cosmogony {step} needs more: pip install ./images/base './images/cosmogony[pipeline]'",
                file=sys.stderr,
            )
            return 2
        watch.start(step)
    from .cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
