# SPDX-License-Identifier: Apache-2.0
"""Ask every source what it has, and say whether there is anything to do."""

from __future__ import annotations

import argparse
import os

from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.text import boolean

from .arguments import Subparsers, add_build_settings, add_command, add_sources, read_build_settings, read_sources


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(subparsers, "plan", run, __doc__)
    add_sources(parser)
    add_build_settings(parser)
    parser.add_argument("--force", default="false", metavar="BOOL", help="make a release even if nothing changed")
    parser.add_argument(
        "--mode", default="full", metavar="MODE", help="full, changed, source or reimport (%(default)s)"
    )
    parser.add_argument(
        "--only", default="", metavar="NAME", help="with mode source: the one source to bring up to date"
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from cosmogony_steps.s3 import Store

    from ..steps.database import kept_releases
    from ..steps.plan import make_plan

    sources = read_sources(options)
    made = make_plan(
        Store.from_environment(os.environ),
        sources,
        read_build_settings(options),
        kept_releases(os.environ),
        os.environ,
        force=boolean(options.force, "--force"),
        mode=options.mode.strip() or "full",
        only=options.only.strip(),
    )
    write_outputs(options.outputs, made.outputs())
