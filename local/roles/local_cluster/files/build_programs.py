#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Build the cluster's programs from the language registries, or take them from their publishers, each one once.

A program is a folder of ``programs/``: ``program.toml`` (the recipe), for Go ``go.mod`` and ``go.sum``, and
``published.toml`` where the program can be downloaded. One that is ``optional`` is left out unless it is named.
A built program lies in ``<cache>/programs/<name>-<digest>/`` (``bin/``, ``share/``, ``build.json``) and is never
built again while its recipe, its locks and the compiler it asks for stay the same. A downloaded one lies in
``<cache>/programs/<name>-published-<version>-<machine>/``.
Only the Python standard library is used, so that it runs before anything is installed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from program_builder.builder import Builder
from program_builder.cache_folders import lock_cache, remove_tree
from program_builder.publishers import ProgramDownloader
from program_builder.recipes import SOURCES, BuildError, load_recipes
from program_builder.runner import Runner

NOT_BUILT = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 done, 1 failed, 3 `--print-bin` of a program that is not there."""
    options = _parse_arguments(arguments)
    cache = options.cache.expanduser().absolute() / "programs"
    try:
        everything = {program.name: program for program in load_recipes(options.programs)}
        if unknown := sorted(
            {*options.only, *options.optional, *filter(None, [options.print_bin])} - everything.keys()
        ):
            raise BuildError(f"unknown program {', '.join(unknown)}; known: {', '.join(everything)}")
        wanted = [p for name, p in everything.items() if not p.optional or name in options.optional]
        programs = [everything[name] for name in everything if name in options.only] or wanted
        if options.status:
            print(json.dumps([program.describe(cache, options.source) for program in programs], indent=2))
        elif options.print_bin:
            program = everything[options.print_bin]
            directory = program.find_directory(cache, options.source)
            print((directory or program.build_directory(cache)) / "bin")
            return 0 if directory else NOT_BUILT
        else:
            runner = Runner(nice=options.nice)
            publishers = ProgramDownloader(dict(options.mirror), runner)
            publishers.refuse_unused_mirrors(list(everything.values()))
            with runner.stop_on_signals(), lock_cache(cache, runner):
                builder = Builder(cache, runner, options.source, publishers, max(1, options.jobs))
                builder.make_missing_programs(programs)
                if not options.keep and not any(p.is_missing(cache, options.source) for p in wanted):
                    remove_tree(builder.build)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


def _parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/cosmogony-stack"), help="default: %(default)s")
    parser.add_argument("--programs", type=Path, default=Path(__file__).resolve().parent / "programs")
    parser.add_argument(
        "--source", choices=SOURCES, default="built", help="where programs come from (default: %(default)s)"
    )
    parser.add_argument(
        "--mirror",
        type=_parse_mirror,
        action="append",
        default=[],
        metavar="PUBLISHER=ADDRESS",
        help="an address with the same files as a publisher, such as https://dl.k8s.io=https://mirror.example/k8s",
    )
    names: dict[str, Any] = {"type": _split_names, "default": (), "metavar": "NAME,NAME"}
    parser.add_argument("--only", **names, help="only these programs")
    parser.add_argument("--optional", **names, help="also these programs, which are optional: left out unless named")
    parser.add_argument("--jobs", type=int, default=2, help="builds at a time (default: %(default)s)")
    parser.add_argument("--nice", type=int, default=0, help="niceness of the compilers (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the intermediate caches when all is built")
    parser.add_argument("--status", action="store_true", help="print what is built as JSON, build nothing")
    parser.add_argument("--print-bin", metavar="NAME", help="print the bin folder of a program, build nothing")
    return parser.parse_args(arguments)


def _split_names(text: str) -> list[str]:
    """Return the names in a text NAME,NAME."""
    return [name for name in text.split(",") if name]


def _parse_mirror(text: str) -> tuple[str, str]:
    """Return publisher and mirror of a text PUBLISHER=ADDRESS."""
    publisher, _, mirror = text.partition("=")
    if not mirror.startswith(("https://", "http://")):
        raise argparse.ArgumentTypeError(f"{text}: expected PUBLISHER=ADDRESS, such as https://dl.k8s.io=https://…")
    return publisher, mirror


if __name__ == "__main__":
    sys.exit(main())
