# SPDX-License-Identifier: Apache-2.0
"""The program `cosmogony-pipeline`, also `python -m cosmogony_pipeline`."""

import sys

from cosmogony_steps import watch

from . import STEPS


def main() -> int:
    """Run the step of the command line under the stall watch; return its exit code."""
    if len(sys.argv) > 1 and sys.argv[1] in STEPS:
        watch.start(sys.argv[1])
    from .cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
