# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cosmogony_steps import outputs
from cosmogony_steps.run import EXIT_CODES

if TYPE_CHECKING:
    Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
else:
    Subparsers = argparse._SubParsersAction

SCRATCH = Path("/tmp")  # noqa: S108


def add_command(
    subparsers: Subparsers, name: str, run: Callable[[argparse.Namespace], None], description: str | None
) -> argparse.ArgumentParser:
    """Add a command with the options that all have."""
    parser = subparsers.add_parser(name, help=description, description=description, epilog=EXIT_CODES)
    parser.set_defaults(command=name, run=run)
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="settings.json of the stack (default: /etc/cosmogony/settings.json, where it is there)",
    )
    outputs.add_option(parser)
    return parser


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Add --plan KEY."""
    parser.add_argument(
        "--plan", default="", metavar="KEY", help="plan of the run, such as runs/NAME/plan.json (default: the settings)"
    )


def add_batch(parser: argparse.ArgumentParser) -> None:
    """Add --plan KEY, --batch N and --source NAME."""
    add_plan(parser)
    parser.add_argument("--batch", default="", metavar="N", help="the sources of this batch of the plan, from 0")
    parser.add_argument("--source", default="", metavar="NAME", help="this source alone, of the plan or the settings")


def add_scratch(parser: argparse.ArgumentParser) -> None:
    """Add --disk SIZE and --scratch DIR."""
    parser.add_argument(
        "--disk",
        default=os.environ.get("SCRATCH_SIZE", ""),
        metavar="SIZE",
        help="scratch space there is, such as 2Gi: checked first (default: SCRATCH_SIZE of the environment)",
    )
    parser.add_argument("--scratch", default=SCRATCH, type=Path, metavar="DIR", help="folder for large files")
