# SPDX-License-Identifier: Apache-2.0
"""Where the objects of backups are, and the documents among them.

PREFIX/backups/ID.json                         a backup: its releases, the live one, the settings; written last
PREFIX/releases/ID/release.json                a release: its tables and its rows of the catalog; written after them
PREFIX/releases/ID/tables/NAME.copy.gz         rows of a table, as PostgreSQL's binary COPY writes them
PREFIX/releases/ID/files/NAME                  its files in the bucket of the stack

Releases do not change, so that several backups share them.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import Any

from cosmogony_steps.errors import MissingObjectError, StepError, UsageError
from cosmogony_steps.s3 import S3Server, Store
from cosmogony_steps.settings import Settings

FORMAT = 1
_BACKUP_ID = re.compile(r"[0-9]{8}t[0-9]{6}z")


@dataclass(frozen=True)
class BackupStore:
    """The bucket and prefix of backups."""

    store: Store
    prefix: str

    @classmethod
    def from_settings(cls, settings: Settings) -> BackupStore:
        """Take the place from the setting `backup_storage`; what is blank there is that of the stack's own store.

        Raises:
            UsageError: a setting or a credential is missing or wrong.
        """
        bucket, prefix = settings.backup_storage.bucket, settings.backup_storage.prefix.strip("/")
        if not settings.backup_storage.endpoint:
            place = replace(settings.storage, bucket=bucket or settings.storage.bucket)
            return cls(Store.from_settings(place, os.environ), prefix)
        if not bucket:
            raise UsageError("backup_storage.endpoint names a server, and backup_storage.bucket no bucket of it")
        server = S3Server.from_settings(settings.backup_storage, os.environ, "BACKUP_S3_", "S3 storage of backups")
        return cls(Store(server.make_client(), bucket, server.endpoint), prefix)

    def get_backup_key(self, backup_id: str) -> str:
        """Return the key of a backup's document.

        Raises:
            UsageError: the text cannot be the id of a backup.
        """
        if not _BACKUP_ID.fullmatch(backup_id):
            raise UsageError(f"{backup_id!r} is not the id of a backup, such as 20261126t221000z")
        return f"{self.prefix}/backups/{backup_id}.json"

    def get_release_file_key(self, release_id: str, name: str = "release.json") -> str:
        """Return the key of a file of a release."""
        return f"{self.prefix}/releases/{release_id}/{name}"

    def list_complete_backups(self) -> list[str]:
        """Return the ids of all complete backups, the newest first."""
        keys = [one.key for one in self.store.list_objects(f"{self.prefix}/backups/")]
        return sorted((key.rpartition("/")[2].removesuffix(".json") for key in keys), reverse=True)

    def read_backup(self, backup_id: str) -> dict[str, Any]:
        """Return the document of a backup, the newest one for a blank id.

        Raises:
            StepError: there is none, or a newer version made it.
        """
        found = self.list_complete_backups()
        chosen = backup_id or (found[0] if found else "")
        if not chosen:
            raise StepError(f"{self.store.where} has no backup below {self.prefix}/; run playbooks/backup.yml first")
        try:
            document: dict[str, Any] = self.store.read_json(self.get_backup_key(chosen))
        except MissingObjectError as error:
            raise StepError(f"{error}; backups: {', '.join(found) or 'none'}") from error
        refuse_newer_format(document, f"backup {chosen}")
        return document


def refuse_newer_format(document: dict[str, Any], subject: str) -> None:
    """Refuse a document of a later version.

    Raises:
        StepError: this version cannot read it.
    """
    if document.get("format") != FORMAT:
        raise StepError(f"{subject} has format {document.get('format')}, this version reads {FORMAT}; use a newer one")
