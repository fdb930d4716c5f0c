# SPDX-License-Identifier: Apache-2.0
"""Restore the releases of a backup that the database lacks, and publish the one that was live."""

from __future__ import annotations

import argparse
import time

from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..progress import format_duration
from ..releases import catalog, switch
from ..tiles.backend import get_tile_backend
from .arguments import add_patience_option, to_boolean
from .context import connect_and_migrate, open_bucket


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command_with_common_options(subparsers, "restore", run, __doc__)
    parser.add_argument("--backup", default="", metavar="ID", help="the backup (blank: the newest)")
    parser.add_argument(
        "--publish",
        type=to_boolean,
        default=False,
        metavar="BOOL",
        help="publish its live release even if another one is live (blank: only if none is)",
    )
    add_patience_option(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    from ..backup import restore
    from ..backup.layout import BackupStore

    start = time.monotonic()
    backups = BackupStore.from_settings(settings)
    document = backups.read_backup(options.backup.strip())
    bucket = open_bucket(settings)
    with connect_and_migrate(settings) as connection:
        restored = [
            release for release in document["releases"] if restore.restore_release(connection, bucket, backups, release)
        ]
        live = catalog.find_live_release(connection)
        if document["live"] and (live is None or (options.publish and live.id != document["live"])):
            target = catalog.get_release(connection, document["live"])
            reason = f"restored from backup {document['id']}"
            switch.switch_live_release(connection, target, "publish", reason=reason, patience=options.patience)
            get_tile_backend().serve_live_release(connection)
            live = target
    release = live.id if live else ""
    write_outputs(options.outputs, {"backup": document["id"], "restored": " ".join(restored), "release": release})
    log.info(
        f"backup {document['id']}: restored {', '.join(restored) or 'nothing'}; "
        f"live is {release or 'nothing'} ({format_duration(time.monotonic() - start)})"
    )
