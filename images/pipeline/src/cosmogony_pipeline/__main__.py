# SPDX-License-Identifier: Apache-2.0
"""The program `cosmogony-pipeline`, also `python -m cosmogony_pipeline`."""

import sys

from cosmogony_steps import watch


def main() -> int:
    """Run the step that the command line names, watched for stalls; return the exit code."""
    if sys.argv[1:2] and not sys.argv[1].startswith("-"):
        watch.continue_in_watched_child(sys.argv[1])
    from .cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
