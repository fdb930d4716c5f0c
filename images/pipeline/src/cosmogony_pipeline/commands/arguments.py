# SPDX-License-Identifier: Apache-2.0
"""Command line options that several commands of `cosmogony-pipeline` share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

SCRATCH = Path("/tmp")  # noqa: S108


def add_batch_options(parser: argparse.ArgumentParser) -> None:
    """Add --batch N and --source NAME, one of which says what to work on."""
    parser.add_argument("--batch", default="", metavar="N", help="the sources of this batch of the plan, from 0")
    parser.add_argument("--source", default="", metavar="NAME", help="this source alone, of the plan or the settings")


def add_scratch_options(parser: argparse.ArgumentParser) -> None:
    """Add --disk SIZE and --scratch DIR, the free space and the folder for large files."""
    parser.add_argument(
        "--disk",
        default=os.environ.get("SCRATCH_SIZE", ""),
        metavar="SIZE",
        help="scratch space there is, such as 2Gi: checked first (default: SCRATCH_SIZE of the environment)",
    )
    parser.add_argument("--scratch", default=SCRATCH, type=Path, metavar="DIR", help="folder for large files")
