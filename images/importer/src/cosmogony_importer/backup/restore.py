# SPDX-License-Identifier: Apache-2.0
"""Restore releases of a backup, with the ids, zones and tiles that they had."""

from __future__ import annotations

from typing import Any

import psycopg
from cosmogony_steps import log, object_keys
from cosmogony_steps.errors import StepError
from cosmogony_steps.s3 import Store
from psycopg import sql
from psycopg.types.json import Jsonb

from ..database import grants, sessions, statements
from ..load import lookups
from ..releases import catalog, migrations
from .layout import BackupStore, refuse_newer_format
from .rows import restore_rows
from .schema import create_bare_table, create_view_or_complete_table

_POPULATE = sql.SQL(
    "INSERT INTO cosmogony_catalog.{table} SELECT * FROM jsonb_populate_recordset(NULL::cosmogony_catalog.{table}, %s)"
)


def restore_release(connection: psycopg.Connection, bucket: Store, backups: BackupStore, release_id: str) -> bool:
    """Restore a release, completely or not at all; return whether it was missing.

    Raises:
        StepError: it is not in the backup, is damaged, or was made by a newer importer.
        TransientError: a load is running.
    """
    key = backups.get_release_file_key(release_id)
    document = backups.store.read_json(key)
    refuse_newer_format(document, f"release {release_id} of the backup")
    missing = False
    with sessions.hold_advisory_lock(connection, sessions.LOAD, wait=60):
        found = {release.id: release for release in catalog.list_releases(connection)}.get(release_id)
        if found is None or found.is_loading:
            missing = True
            _restore_tables(connection, backups, document)
    _restore_files(bucket, backups, document)
    return missing


def _restore_tables(connection: psycopg.Connection, backups: BackupStore, document: dict[str, Any]) -> None:
    release_id, schema = str(document["id"]), str(document["schema"])
    (entry,) = document["catalog"]
    if entry["format"] > migrations.get_latest_release_format():
        raise StepError(f"release {release_id} was made by a newer importer (format {entry['format']}); use that one")
    if connection.execute("SELECT to_regnamespace(%s)", (f'"{schema}"',)).fetchone() != (None,):
        raise StepError(f"schema {schema} exists but the catalog does not know it; drop it or rename it")
    with connection.transaction():
        connection.execute("DELETE FROM cosmogony_catalog.releases WHERE id = %s AND state = 'loading'", (release_id,))
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        statements.set_search_path(connection, schema)
        if document["searchable"]:
            lookups.create_normal_form_function(connection)
        for relation in document["relations"]:
            if relation["kind"] == "r":
                create_bare_table(connection, relation)
                table = sql.Identifier(schema, relation["name"])
                key = backups.get_release_file_key(release_id, f"tables/{relation['name']}.copy.gz")
                restore_rows(connection, table, backups.store, key, relation["rows"])
        for relation in document["relations"]:
            create_view_or_complete_table(connection, relation)
        if document["searchable"]:
            lookups.create_search_functions(connection, schema)
        # Only a switch makes a release the published one.
        state = "retired" if entry["published_at"] else "loaded"
        for name, rows in {"releases": [{**entry, "state": state}], "steps": document["steps"]}.items():
            connection.execute(_POPULATE.format(table=sql.Identifier(name)), (Jsonb(rows),))
        grants.grant_schema_to_readers(connection, schema)
        migrations.upgrade_releases(connection)
    log.info(f"release {release_id}: {entry['zones']} zones restored")


def _restore_files(bucket: Store, backups: BackupStore, document: dict[str, Any]) -> None:
    """Copy the files of a release into the bucket, where they are missing."""
    for file in document["files"]:
        target = object_keys.get_release_prefix(document["id"]) + file["name"]
        if not bucket.find_info(target):
            with backups.store.open(backups.get_release_file_key(document["id"], f"files/{file['name']}")) as stream:
                bucket.upload(target, stream, file["size"])
