# SPDX-License-Identifier: Apache-2.0
"""Back up the kept releases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
from cosmogony_steps import log, object_keys
from cosmogony_steps.errors import StepError
from cosmogony_steps.s3 import ObjectInfo, Store
from cosmogony_steps.settings import Settings
from psycopg import sql

from ..database.queries import fetch_value
from ..releases import catalog
from ..releases.catalog import Release
from .layout import FORMAT, BackupStore
from .rows import save_rows
from .schema import Relation, describe_relations, has_search_functions

#: A table with fewer rows is saved each time. A larger one changes only by rows that are added: tiles that are warmed.
_SMALL = 1000
_COUNT = sql.SQL("SELECT count(*) FROM {}")
_CATALOG = sql.SQL("SELECT to_jsonb(entry) FROM cosmogony_catalog.{} AS entry WHERE {} = %s")


def save_backup(connection: psycopg.Connection, bucket: Store, backups: BackupStore, settings: Settings) -> str:
    """Back up all releases that are loaded; return the id of the backup.

    Raises:
        StepError: there is no release.
    """
    releases = [release for release in catalog.list_releases(connection) if not release.is_loading]
    if not releases:
        raise StepError("no release is in the database, so there is nothing to back up; run an update first")
    for release in releases:
        _save_release(connection, bucket, backups, release)
    moment = datetime.now(UTC).replace(microsecond=0)
    backup_id = f"{moment:%Y%m%dt%H%M%Sz}"
    document = {
        "format": FORMAT,
        "id": backup_id,
        "created": moment.isoformat(),
        "releases": [release.id for release in releases],
        "live": next((release.id for release in releases if release.live), ""),
        "settings": _describe_settings(settings),
    }
    backups.store.write_json(backups.get_backup_key(backup_id), document)
    return backup_id


def _describe_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings as JSON; without the queries of sources' addresses, which may be signatures."""
    document = settings.to_json()
    for source in document["sources"]["extracts"]:
        source["url"] = source["url"].partition("?")[0]
    return document


def remove_old_backups(backups: BackupStore, keep: int) -> list[str]:
    """Remove all but the newest backups, and the releases that none of these has; return the removed ids."""
    found = backups.list_complete_backups()
    kept, old = found[:keep], found[keep:]
    if not old:
        return []
    needed = {release for backup in kept for release in backups.read_backup(backup)["releases"]}
    backups.store.remove(*(backups.get_backup_key(backup) for backup in old))
    prefix = f"{backups.prefix}/releases/"
    keys = [one.key for one in backups.store.list_objects(prefix)]
    if idle := [key for key in keys if key.removeprefix(prefix).partition("/")[0] not in needed]:
        backups.store.remove(*idle)
    return old


def _save_release(connection: psycopg.Connection, bucket: Store, backups: BackupStore, release: Release) -> None:
    key = backups.get_release_file_key(release.id)
    before = backups.store.find_json(key) or {}
    saved = {table["name"]: table["rows"] for table in before.get("relations", []) if table["kind"] == "r"}
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        relations = describe_relations(connection, release.schema_name)
        for relation in relations:
            if relation["kind"] == "r":
                relation["rows"] = _save_table(connection, backups, release, relation, saved.get(relation["name"]))
        document = {
            "format": FORMAT,
            "id": release.id,
            "schema": release.schema_name,
            "relations": relations,
            "searchable": has_search_functions(connection, release.schema_name),
            "catalog": _read_rows(connection, "releases", "id", release.id),
            "steps": _read_rows(connection, "steps", "release_id", release.id),
        }
    document["files"] = [
        _copy_file(bucket, one, backups, release)
        for one in bucket.list_objects(object_keys.get_release_prefix(release.id))
    ]
    backups.store.write_json(key, document)
    log.info(f"release {release.id}: {sum(one.get('rows', 0) for one in relations)} rows, {len(relations)} tables")


def _save_table(
    connection: psycopg.Connection, backups: BackupStore, release: Release, table: Relation, saved: int | None
) -> int:
    """Save the rows of a table unless an earlier backup has them; return their number."""
    source = release.qualify_table(table["name"])
    key = backups.get_release_file_key(release.id, f"tables/{table['name']}.copy.gz")
    if saved is not None and saved >= _SMALL:
        rows = int(fetch_value(connection.execute(_COUNT.format(source))))
        if rows == saved and backups.store.find_info(key):
            return rows
    return save_rows(connection, source, backups.store, key)


def _read_rows(connection: psycopg.Connection, table: str, column: str, release_id: str) -> list[dict[str, Any]]:
    """Return rows of the catalog as JSON."""
    rows = connection.execute(_CATALOG.format(sql.Identifier(table), sql.Identifier(column)), (release_id,)).fetchall()
    return [row[0] for row in rows]


def _copy_file(bucket: Store, file: ObjectInfo, backups: BackupStore, release: Release) -> dict[str, Any]:
    """Copy a file of a release into the backup, unless it is there."""
    name = file.key.removeprefix(object_keys.get_release_prefix(release.id))
    key = backups.get_release_file_key(release.id, f"files/{name}")
    copied = backups.store.find_info(key)
    if not copied or copied.size != file.size or name.endswith(".json"):
        with bucket.open(file.key) as stream:
            backups.store.upload(key, stream, file.size)
    return {"name": name, "size": file.size}
