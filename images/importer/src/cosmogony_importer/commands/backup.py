# SPDX-License-Identifier: Apache-2.0
"""Back up the kept releases to an S3 store."""

from __future__ import annotations

import argparse
import time

from cosmogony_steps import log
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..progress import format_duration
from .context import connect_and_migrate, open_bucket


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_command_with_common_options(subparsers, "backup", run, __doc__)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    from ..backup import save
    from ..backup.layout import BackupStore

    start = time.monotonic()
    backups = BackupStore.from_settings(settings)
    with connect_and_migrate(settings) as connection:
        backup_id = save.save_backup(connection, open_bucket(settings), backups, settings)
    removed = save.remove_old_backups(backups, settings.backup_storage.keep)
    write_outputs(options.outputs, {"backup": backup_id, "removed": " ".join(removed)})
    place = f"{backups.store.where}/{backups.prefix}"
    log.info(f"backup {backup_id} is complete in {place} ({format_duration(time.monotonic() - start)})")
