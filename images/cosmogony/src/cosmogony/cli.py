# SPDX-License-Identifier: Apache-2.0
"""The command line: `cosmogony [generate|merge|...]`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import progress as progress_reports
from .errors import CosmogonyError, UsageError
from .version import COMPATIBLE_VERSION, build_digest

log = logging.getLogger("cosmogony")

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
_STANDALONE = {"--version", "-V", "--build-digest", "-h", "--help", "help"}
_LEVELS = {
    "off": logging.CRITICAL + 1,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the answer is the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser, commands = _parser()
    if not arguments or (arguments[0] not in commands and arguments[0] not in _STANDALONE):
        arguments.insert(0, "generate")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    if options.build_digest:
        print(build_digest())
        return 0
    if not hasattr(options, "run"):
        parser.print_help()
        return 0
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    _set_up_log()
    previous = signal.signal(signal.SIGTERM, _terminated)
    try:
        return int(options.run(options) or 0)
    except UsageError as error:
        log.error("%s", error)
        return EXIT_USAGE
    except CosmogonyError as error:
        _log_with_causes(error)
        return EXIT_ERROR
    except MemoryError:
        log.error("not enough memory. Give the process more, or take a smaller extract.")
        return EXIT_ERROR
    except KeyboardInterrupt:
        log.error("interrupted, nothing was written")
        return EXIT_INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, previous)


def _terminated(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def _log_with_causes(error: BaseException) -> None:
    log.error("%s", error)
    cause = error.__cause__
    while cause is not None:
        log.error("caused by: %s", cause)
        cause = cause.__cause__


def _set_up_log() -> None:
    """To standard error; RUST_LOG chooses the level as it does for the original."""
    wanted = os.environ.get("RUST_LOG", "info").split(",")[-1].rpartition("=")[2].strip().lower()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    log.setLevel(_LEVELS.get(wanted, logging.INFO))


def _parser() -> tuple[argparse.ArgumentParser, dict[str, Any]]:
    parser = argparse.ArgumentParser(
        prog="cosmogony",
        description="Makes zones (countries, states, cities, ... with their hierarchy) out of OpenStreetMap data.",
        epilog="Without a command, generate is meant. Exit codes: 0 done, 1 failed, 2 wrong arguments.",
    )
    parser.add_argument("-V", "--version", action="version", version=COMPATIBLE_VERSION)
    parser.add_argument("--build-digest", action="store_true", help="print the digest of the installed program")
    commands = parser.add_subparsers(metavar="COMMAND")
    _add_generate(commands)
    _add_merge(commands)
    _add_explain(commands)
    return parser, commands.choices


def _add_generate(commands: Any) -> None:
    parser = commands.add_parser("generate", help="make the zones of an OSM extract", description=_GENERATE)
    parser.add_argument("--version", action="version", version=COMPATIBLE_VERSION)
    parser.add_argument("-i", "--input", required=True, type=Path, metavar="PBF", help="OSM extract")
    parser.add_argument(
        "-o",
        "--output",
        default=Path("cosmogony.json"),
        type=Path,
        metavar="FILE",
        help="ends in .json, .json.gz, .jsonl, .jsonl.gz, .parquet or .fgb; default %(default)s",
    )
    parser.add_argument("--no-stats", action="store_true", help="no summary in the log")
    _add_decisive(parser)
    parser.add_argument(
        "--filter-langs",
        action="append",
        default=[],
        metavar="LANG",
        help="labels in these languages only (repeat, or separate by commas)",
    )
    parser.add_argument("--num-threads", type=int, metavar="N", help="processes to compute with (default: all cores)")
    parser.add_argument(
        "--fail-on-incomplete",
        choices=["own", "any"],
        help="refuse when relations miss members: own = of the extract's own country, any = neighbours too",
    )
    _add_progress(parser)
    parser.set_defaults(run=_generate)


def _add_decisive(parser: argparse.ArgumentParser) -> None:
    """The options that zones depend on."""
    parser.add_argument("--country-code", metavar="CC", help="country of the whole extract (ISO 3166-1 alpha-2)")
    parser.add_argument("--disable-voronoi", action="store_true", help="no zones for places that are only points")
    parser.add_argument("--rules", type=Path, metavar="FILE", help="boundary rules instead of the packaged ones")
    parser.add_argument(
        "--as-original", action="store_true", help="the zones of Cosmogony 0.14.5, without any correction"
    )


_GENERATE = "Make the zones of an OSM extract and write them to a file."
_EXPLAIN = (
    "Make the zones of an OSM extract, write none, and tell for one object each decision taken: its border ring by "
    "ring, country, type, parent, centre, and why it was kept or left out. Takes the options of generate."
)
_MERGE = (
    "Put files of zones together. A zone that several files have is kept once: the larger geometry wins; parents are "
    "looked for across the files."
)


def _add_merge(commands: Any) -> None:
    parser = commands.add_parser("merge", help="put files of zones together", description=_MERGE)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".json, .json.gz, .jsonl or .jsonl.gz")
    parser.add_argument("-o", "--output", default=Path("cosmogony.jsonl"), type=Path, metavar="FILE")
    parser.add_argument("--keep-duplicates", action="store_true", help="only renumber, as the original does")
    _add_progress(parser)
    parser.set_defaults(run=_merge)


def _add_explain(commands: Any) -> None:
    parser = commands.add_parser("explain", help="why an object became the zone that it is", description=_EXPLAIN)
    parser.add_argument("input", type=Path, metavar="FILE", help="OSM extract")
    parser.add_argument("osm_id", metavar="OBJECT", help="relation:ID or node:ID")
    _add_decisive(parser)
    _add_progress(parser)
    parser.set_defaults(run=_explain)


def _add_progress(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-progress", action="store_true", help="no progress on standard error")


def _generate(options: argparse.Namespace) -> int:
    from .generate import generate
    from .rules import load_rules

    if options.num_threads is not None and options.num_threads < 1:
        raise UsageError(f"--num-threads {options.num_threads}: 1 or more is needed")
    languages = [code.strip() for item in options.filter_langs for code in item.split(",") if code.strip()]
    with _progress(options) as progress:
        generate(
            options.input,
            options.output,
            country_code=options.country_code,
            disable_voronoi=options.disable_voronoi,
            filter_langs=languages,
            threads=options.num_threads,
            rules=load_rules(options.rules),
            no_stats=options.no_stats,
            progress=progress,
            fail_on_incomplete=options.fail_on_incomplete,
            as_original=options.as_original,
        )
    return 0


def _explain(options: argparse.Namespace) -> int:
    from .explain import explain
    from .rules import known_country, load_rules

    rules = load_rules(options.rules)
    with _progress(options) as progress:
        lines = explain(
            options.input,
            options.osm_id,
            rules=rules,
            country_code=known_country(options.country_code, rules),
            disable_voronoi=options.disable_voronoi,
            as_original=options.as_original,
            progress=progress,
        )
    print("\n".join(lines))
    return 0


def _merge(options: argparse.Namespace) -> int:
    from .merge import merge

    with _progress(options) as progress:
        merge(options.files, options.output, keep_duplicates=options.keep_duplicates, progress=progress)
    return 0


class _progress:
    """The reports that suit standard error, closed at the end."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._reports = None if options.no_progress else progress_reports.for_stream()

    def __enter__(self) -> progress_reports.Progress:
        return self._reports or progress_reports.silent

    def __exit__(self, *_: object) -> None:
        if self._reports is not None:
            self._reports.close()


if __name__ == "__main__":
    sys.exit(main())
