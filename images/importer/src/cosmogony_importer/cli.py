# SPDX-License-Identifier: Apache-2.0
"""Command line of the importer: the two commands of the original one, and one command a step of the pipeline."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg
from cosmogony_steps import termination
from cosmogony_steps.errors import EXIT_PERMANENT

from . import activity, commands, warm
from .errors import ImporterError, of_database

OUTPUTS = "/tmp/outputs"  # noqa: S108  Argo reads output parameters there


T = TypeVar("T")


def _blank(of: Callable[[str], T], default: T | None = None) -> Callable[[str], T | None]:
    """An argument that may be blank."""

    def convert(text: str) -> T | None:
        try:
            return of(text.strip()) if text.strip() else default
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def _zoom(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,4}", text):
        raise ValueError(f"{text!r} is no zoom")
    return int(text)


def _country(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}", text):
        raise ValueError(f"{text!r} is no country code; wanted one like LI")
    return text.upper()


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="import.py",
        description="Loads zones into PostGIS and publishes them.",
        epilog="Exit codes: 0 done, 1 fails again, 2 wrong arguments, 75 may pass later.",
    )
    steps = whole.add_subparsers(metavar="COMMAND", title="commands")

    def step(name: str, run: commands.Command, **more: object) -> argparse.ArgumentParser:
        added = steps.add_parser(name, help=(run.__doc__ or "").strip(), description=run.__doc__, **more)
        added.set_defaults(run=run, original=False)
        added.add_argument("--outputs", default=OUTPUTS, metavar="DIR", help="where output parameters go (%(default)s)")
        return added

    def release(of: argparse.ArgumentParser, required: bool = True) -> None:
        of.add_argument("--release", required=required, metavar="ID")

    def jobs(of: argparse.ArgumentParser) -> None:
        of.add_argument(
            "--jobs", type=int, default=0, metavar="N", help="how much is done at a time (number of processors)"
        )

    def loading(of: argparse.ArgumentParser) -> None:
        jobs(of)
        of.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="wait for another load")

    def keep(of: argparse.ArgumentParser) -> None:
        of.add_argument(
            "--keep",
            type=int,
            default=3,
            metavar="N",
            help="how many releases stay, the live one included (%(default)s; publish --release drops none)",
        )

    step("init", commands.init)

    for name in ("import_data", "import-data"):
        added = step(name, commands.import_data)
        added.set_defaults(original=True)
        which = added.add_mutually_exclusive_group(required=True)
        which.add_argument("path", nargs="?", metavar="PATH", help=".json, .json.gz, .jsonl or .jsonl.gz")
        which.add_argument("--cosmogony_path", "--cosmogony-path", dest="path_option", metavar="PATH")
        added.add_argument("--allow-empty", action="store_true", help="accept a file without zones")
        loading(added)

    added = step("load", commands.load)
    release(added)
    loading(added)

    added = step("tiles", commands.store_tiles)
    added.add_argument("--release", default="", metavar="ID", help="blank takes the live one")
    jobs(added)
    # the fields of a form may be blank
    added.add_argument("--min-zoom", type=_blank(_zoom, 0), default=0, metavar="N", help="lowest zoom (%(default)s)")
    added.add_argument("--max-zoom", type=_blank(_zoom, 8), default=8, metavar="N", help="highest zoom (%(default)s)")
    added.add_argument(
        "--bbox",
        type=_blank(warm.Box.of_text),
        metavar="W,S,E,N",
        help="only tiles in this box, in degrees (--bbox=-5.1,41.3,9.6,51.1)",
    )
    added.add_argument("--country", type=_blank(_country), metavar="CODE", help="only tiles of this country's zones")
    added.add_argument(
        "--estimate",
        type=_blank(_flag, False),
        nargs="?",
        const=True,
        default=False,
        metavar="true|false",
        help="only say how many tiles there are to make, and how long that takes",
    )

    added = step("gate", commands.check)
    release(added)
    added.add_argument("--override", metavar="REASON", help="let a blocked release through, and say why")
    added.add_argument(
        "--max-loss-percent",
        type=float,
        default=5.0,
        metavar="P",
        help="how many per cent fewer than the live release has (%(default)s)",
    )
    added.add_argument(
        "--max-loss-zones",
        type=int,
        default=10,
        metavar="N",
        help="how many zones a country may lose of one type whatever the per cent (%(default)s)",
    )
    added.add_argument(
        "--max-turned-ko",
        type=int,
        default=0,
        metavar="N",
        help="how many expected counts that the live release meets may be missed (%(default)s)",
    )
    added.add_argument(
        "--max-outside",
        default="1%",
        metavar="NUMBER",
        help="how many zones may reach outside their parent: a number, or per cent (%(default)s)",
    )
    added.add_argument(
        "--outside-tolerance",
        type=float,
        default=1.0,
        metavar="P",
        help="per cent of a zone's area that may be outside its parent (%(default)s)",
    )
    added.add_argument(
        "--incomplete",
        default="block",
        metavar="block|allow",
        help="what becomes of a source that does not hold its own country whole (%(default)s)",
    )

    added = step("publish", commands.publish)
    release(added, required=False)
    added.add_argument("--override", metavar="REASON", help="publish what did not pass the gate, and say why")

    keep(added)

    added = step("rollback", commands.rollback)
    added.add_argument("--to", metavar="ID", help="the release (else the newest that is older than the live one)")
    added.add_argument("--reason", metavar="TEXT")

    step("list", commands.list_).add_argument("--json", action="store_true")
    step("status", commands.status)
    added = step("clean", commands.clean_up)
    keep(added)
    added.add_argument(
        "--sources",
        default=os.environ.get("SOURCES", ""),
        metavar="JSON",
        help="the configured sources (SOURCES): what the object store holds of others is removed (none: left alone)",
    )
    added.add_argument(
        "--keep-runs-days",
        type=int,
        default=30,
        metavar="DAYS",
        help="how long reports of runs are kept (%(default)s)",
    )
    added.add_argument(
        "--dry-run", type=_switch, nargs="?", const=True, default=False, metavar="BOOL", help="only tell what would go"
    )
    added = step("report", commands.tell)
    added.add_argument("--run", dest="workflow", required=True, metavar="NAME", help="name of the workflow")
    added.add_argument("--status", default="", help="how it ended; without it the stored summary is posted again")
    added.add_argument("--started", default="", metavar="TIME")
    added.add_argument("--duration", default="", metavar="SECONDS")
    added.add_argument("--parameters", default="", metavar="JSON", help="parameters of the workflow")
    added.add_argument("--failures", default="", metavar="JSON", help="failed nodes as Argo lists them")
    added.add_argument(
        "--sources", default=os.environ.get("SOURCES", ""), metavar="JSON", help="the configured sources (SOURCES)"
    )

    added = step("tile_prepare", commands.tile_prepare)
    release(added)
    added.add_argument(
        "--template", required=True, metavar="FILE", help="t-rex's configuration with @ZONES@ and @CACHE@"
    )

    added = step("tile_finish", commands.tile_finish)
    release(added)
    added.add_argument("--max-zoom", type=int, required=True, metavar="N", help="highest zoom that was generated")

    step("tile_link", commands.tile_link)

    for name in ("publish", "rollback"):
        steps.choices[name].add_argument(
            "--patience",
            type=float,
            default=600,
            metavar="SECONDS",
            help="how long to try while somebody reads the views (%(default)s)",
        )
    return whole


def _switch(text: str) -> bool:
    """A parameter of a workflow is a text."""
    if text.strip().lower() in ("", "false", "no"):
        return False
    if text.strip().lower() in ("true", "yes"):
        return True
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")


def main(arguments: Sequence[str] | None = None) -> int:
    whole = parser()
    options = whole.parse_args(arguments)
    if not hasattr(options, "run"):
        whole.print_help()
        return 0
    if getattr(options, "path_option", None):
        options.path = options.path_option
    if options.run is commands.publish and not options.release:
        options.original = True
    try:
        with activity.reported():
            options.run(options)
    except ImporterError as error:
        return _fail(error, options.original)
    except psycopg.Error as error:
        return _fail(of_database(error), options.original)
    except KeyboardInterrupt:
        return _fail(ImporterError("interrupted; nothing was switched"), options.original)
    return 0


def _fail(error: ImporterError, original: bool) -> int:
    print(f"error: {error}", file=sys.stderr, flush=True)
    termination.write(str(error))
    return EXIT_PERMANENT if original else error.exit_code
