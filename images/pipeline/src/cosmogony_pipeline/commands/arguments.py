# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share, and what is read out of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cosmogony_steps import outputs
from cosmogony_steps.run import EXIT_CODES
from cosmogony_steps.text import boolean, integer

from ..sources.source_config import SourceConfig, checked_languages, parse_sources

if TYPE_CHECKING:
    from ..release.inputs import BuildSettings

    Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
else:
    Subparsers = argparse._SubParsersAction

SCRATCH = Path("/tmp")  # noqa: S108


def add_command(
    subparsers: Subparsers, name: str, run: Callable[[argparse.Namespace], None], description: str | None
) -> argparse.ArgumentParser:
    """Add a command with the option that all have."""
    parser = subparsers.add_parser(name, help=description, description=description, epilog=EXIT_CODES)
    parser.set_defaults(command=name, run=run)
    outputs.add_option(parser)
    return parser


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add --sources JSON."""
    parser.add_argument(
        "--sources", default="", metavar="JSON", help="list of sources: url, country_code, ... (default: $SOURCES)"
    )


def add_source(parser: argparse.ArgumentParser) -> None:
    """Add --source JSON."""
    parser.add_argument("--source", required=True, metavar="JSON", help="one source out of the plan")


def add_scratch(parser: argparse.ArgumentParser) -> None:
    """Add --disk SIZE and --scratch DIR."""
    parser.add_argument(
        "--disk",
        default=os.environ.get("SCRATCH_SIZE", ""),
        metavar="SIZE",
        help="scratch space there is, such as 2Gi: checked first (default: SCRATCH_SIZE of the environment)",
    )
    parser.add_argument("--scratch", default=SCRATCH, type=Path, metavar="DIR", help="folder for large files")


def add_as_original(parser: argparse.ArgumentParser) -> None:
    """Add --as-original BOOL."""
    parser.add_argument(
        "--as-original",
        default="false",
        metavar="BOOL",
        help="the original's zones instead of corrected ones (%(default)s)",
    )


def add_build_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options that are part of a release's inputs."""
    parser.add_argument("--languages", default="", metavar="CSV")
    add_as_original(parser)
    parser.add_argument("--importer", default="", metavar="REF", help="importer image, part of the release's inputs")
    parser.add_argument("--dashboard", default="", metavar="REF", help="dashboard image, part of the inputs")
    parser.add_argument("--tiles-max-zoom", default="8", metavar="N", help="last stored zoom (%(default)s)")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why a new release is wanted with the same inputs")


def read_sources(options: argparse.Namespace) -> list[SourceConfig]:
    """Return the sources of --sources, else of the environment."""
    return parse_sources(options.sources.strip() or os.environ.get("SOURCES", ""))


def read_build_settings(options: argparse.Namespace) -> BuildSettings:
    """Return what the options and the installed extractor say of a release's inputs."""
    from ..engine import extractor_digest, rules_digest
    from ..release.inputs import BuildSettings

    return BuildSettings(
        languages=checked_languages(options.languages, "--languages"),
        importer=options.importer.strip(),
        dashboard=options.dashboard.strip(),
        tiles_max_zoom=integer(options.tiles_max_zoom, "--tiles-max-zoom") or 0,
        reason=options.reason.strip(),
        rules=rules_digest(),
        extractor=extractor_digest(),
        as_original=boolean(options.as_original, "--as-original"),
    )
