# SPDX-License-Identifier: Apache-2.0
"""The steps as subcommands: ``cosmogony-pipeline plan|fetch|extract|merge``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosmogony_steps import outputs
from cosmogony_steps.run import EXIT_CODES, run_command
from cosmogony_steps.settings import boolean, integer, size

from .source_config import SourceConfig, checked_languages, parse_item_json, parse_sources, with_whole_url

if TYPE_CHECKING:
    from .inputs import BuildSettings

SCRATCH = Path("/tmp")  # noqa: S108


def main(argv: Sequence[str] | None = None) -> int:
    """Run the step of the command line `argv` (default: this process's); return its exit code."""
    parser = argparse.ArgumentParser(prog="cosmogony-pipeline", description=__doc__, epilog=EXIT_CODES)
    register(parser.add_subparsers(metavar="STEP", required=True))
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as end:
        return int(end.code or 0)
    return int(arguments.run(arguments))


def register(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add the four steps; each sets ``run``, a function of the parsed arguments that returns the exit code."""
    plan = _step(subparsers, "plan", _plan, "ask every source what it has and tell whether there is anything to do")
    _sources(plan)
    _release_settings(plan)
    plan.add_argument("--force", default="false", metavar="BOOL", help="make a release even if nothing changed")
    plan.add_argument("--mode", default="full", metavar="MODE", help="full, changed, source or reimport (%(default)s)")
    plan.add_argument("--only", default="", metavar="NAME", help="with mode source: the one source to bring up to date")

    fetch = _step(subparsers, "fetch", _fetch, "bring one source into the store")
    _source(fetch)

    extract = _step(subparsers, "extract", _extract, "make the zones of one fetched source")
    _source(extract)
    extract.add_argument("--languages", default="", metavar="CSV", help="languages of sources that name none")
    _as_original(extract)
    extract.add_argument("--threads", default="", metavar="N", help="computing threads (default: all cores)")
    _scratch(extract)

    merge = _step(subparsers, "merge", _merge, "merge the zones of all sources into a release")
    _sources(merge)
    _release_settings(merge)
    merge.add_argument("--started", required=True, metavar="TIME", help="when the run began, for the release id")
    _scratch(merge)


def _step(
    subparsers: argparse._SubParsersAction[Any], name: str, function: Callable[[argparse.Namespace], None], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(name, help=text, description=text, epilog=EXIT_CODES)
    outputs.add_option(parser)
    parser.set_defaults(run=lambda arguments: run_command(name, lambda: function(arguments)))
    return parser


def _sources(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sources", default="", metavar="JSON", help="list of sources: url, country_code, ... (default: $SOURCES)"
    )


def _source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", required=True, metavar="JSON", help="one source out of the plan")


def _scratch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--disk",
        default=os.environ.get("SCRATCH_SIZE", ""),
        metavar="SIZE",
        help="scratch space there is, such as 2Gi: checked first (default: SCRATCH_SIZE of the environment)",
    )
    parser.add_argument("--scratch", default=SCRATCH, type=Path, metavar="DIR", help="folder for large files")


def _release_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--languages", default="", metavar="CSV")
    _as_original(parser)
    parser.add_argument("--importer", default="", metavar="REF", help="importer image, part of the release's inputs")
    parser.add_argument("--dashboard", default="", metavar="REF", help="dashboard image, part of the inputs")
    parser.add_argument("--tiles-max-zoom", default="8", metavar="N", help="last stored zoom (%(default)s)")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why a new release is wanted with the same inputs")


def _as_original(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as-original",
        default="false",
        metavar="BOOL",
        help="the original's zones instead of corrected ones (%(default)s)",
    )


def _plan(arguments: argparse.Namespace) -> None:
    from cosmogony_steps.s3 import Store

    from .database import kept_releases
    from .plan import make_plan

    items, environ = _items(arguments), os.environ
    made = make_plan(
        Store.from_environment(environ),
        items,
        _read_settings(arguments),
        kept_releases(environ),
        environ,
        force=boolean(arguments.force, "--force"),
        mode=arguments.mode.strip() or "full",
        only=arguments.only.strip(),
    )
    outputs.write_outputs(arguments.outputs, made.outputs())


def _fetch(arguments: argparse.Namespace) -> None:
    from cosmogony_steps.s3 import Store

    from .fetch import fetch

    environ = os.environ
    item = with_whole_url(parse_item_json(arguments.source), environ.get("SOURCES", ""))
    marker = fetch(Store.from_environment(environ), item, environ)
    outputs.write_outputs(arguments.outputs, {"digest": marker.sha256})


def _extract(arguments: argparse.Namespace) -> None:
    from cosmogony.loglevel import set_log_level
    from cosmogony_steps.s3 import Store

    from .extract import extract

    set_log_level()
    item, environ = parse_item_json(arguments.source), os.environ
    result = extract(
        Store.from_environment(environ),
        item,
        checked_languages(arguments.languages, "--languages"),
        as_original=boolean(arguments.as_original, "--as-original"),
        threads=integer(arguments.threads, "--threads"),
        scratch=arguments.scratch,
        disk=size(arguments.disk, "--disk"),
    )
    outputs.write_outputs(arguments.outputs, {"zones": result.zones, "skipped": result.skipped})


def _merge(arguments: argparse.Namespace) -> None:
    from cosmogony.loglevel import set_log_level
    from cosmogony_steps.s3 import Store

    from .inputs import parse_started
    from .merge import merge_parts

    set_log_level()
    made = merge_parts(
        Store.from_environment(os.environ),
        _items(arguments),
        _read_settings(arguments),
        parse_started(arguments.started),
        scratch=arguments.scratch,
        disk=size(arguments.disk, "--disk"),
    )
    zones = made.counts.zones if made.counts else 0
    values = {"release": made.id, "inputs-digest": made.inputs_digest, "zones": zones}
    outputs.write_outputs(arguments.outputs, values)


def _items(arguments: argparse.Namespace) -> list[SourceConfig]:
    return parse_sources(arguments.sources.strip() or os.environ.get("SOURCES", ""))


def _read_settings(arguments: argparse.Namespace) -> BuildSettings:
    from .engine import extractor_digest, rules_digest
    from .inputs import BuildSettings

    return BuildSettings(
        languages=checked_languages(arguments.languages, "--languages"),
        importer=arguments.importer.strip(),
        dashboard=arguments.dashboard.strip(),
        tiles_max_zoom=integer(arguments.tiles_max_zoom, "--tiles-max-zoom") or 0,
        reason=arguments.reason.strip(),
        rules=rules_digest(),
        extractor=extractor_digest(),
        as_original=boolean(arguments.as_original, "--as-original"),
    )
