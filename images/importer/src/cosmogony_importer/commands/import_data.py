# SPDX-License-Identifier: Apache-2.0
"""Load a file as a new release; publish makes it live."""

from __future__ import annotations

import argparse
import secrets
from datetime import UTC, datetime
from pathlib import Path

from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.errors import StepError
from cosmogony_steps.step_settings import load_settings
from cosmogony_steps.zonefiles import detect_format

from .arguments import add_jobs_option, add_wait_option
from .context import connect_and_migrate, get_database_address


def register(subparsers: Subparsers) -> None:
    """Add the command, with the spelling of the original importer and with the usual one."""
    for name in ("import_data", "import-data"):
        parser = add_command_with_common_options(subparsers, name, run, __doc__)
        parser.set_defaults(has_original_exit_code=lambda options: True)
        path = parser.add_mutually_exclusive_group(required=True)
        path.add_argument("path", nargs="?", metavar="PATH", help=".json, .json.gz, .jsonl or .jsonl.gz")
        path.add_argument("--cosmogony_path", "--cosmogony-path", dest="path_option", metavar="PATH")
        parser.add_argument("--allow-empty", action="store_true", help="accept a file without zones")
        add_jobs_option(parser)
        add_wait_option(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    from ..load import loader, zone_parsing

    path = Path(options.path_option or options.path)
    format_ = detect_format(str(path))
    if not path.is_file():
        raise StepError(f"{path} cannot be read: no such file")
    with connect_and_migrate(settings) as connection, zone_parsing.open_file(path) as stream:
        loader.load_release(
            get_database_address(settings),
            connection,
            f"{datetime.now(UTC):%Y%m%dt%H%M%S}-{secrets.token_hex(4)}",
            loader.ZoneStream(stream, format_, str(path)),
            wait=options.wait,
            allow_empty=options.allow_empty,
            jobs=options.jobs,
        )
    print("Import done.")
