# SPDX-License-Identifier: Apache-2.0
"""The program `cosmogony-pipeline`, also `python -m cosmogony_pipeline`."""

import sys

from cosmogony_steps import watch


def main() -> int:
    """Run the step that the command line names, watched for stalls; return the exit code."""
    return watch.run_program("cosmogony_pipeline.cli")


if __name__ == "__main__":
    sys.exit(main())
