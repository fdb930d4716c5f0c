# SPDX-License-Identifier: Apache-2.0
"""Sources of the kept releases, and the sizes of database and S3 store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from cosmogony_steps import keys, log
from cosmogony_steps.documents import DocumentError, Manifest
from cosmogony_steps.shortening import shorten_to_bytes

from ..database.queries import fetch_row, fetch_value
from ..releases import catalog
from ..releases.catalog import Release

if TYPE_CHECKING:
    from cosmogony_steps.s3 import Store

# Prefixes of keys for counting the objects of the bucket; an object counts for the first that matches.
PREFIXES = (keys.SOURCES, keys.PARTS, keys.LATEST, keys.RELEASES, keys.RUNS)
SOURCE_FIELDS = ("name", "url", "file", "version_date", "size", "zones")


def describe_release(connection: psycopg.Connection, release: Release) -> dict[str, Any]:
    """Return state, verdict and size of a release, as a JSON object; the bytes include indexes and tiles.

    For the live release also its first sources: a thousand are too many for an output parameter of Argo.
    """
    size = fetch_value(
        connection.execute(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r'",
            (release.schema_name,),
        )
    )
    try:
        manifest = catalog.read_manifest(connection, release)
    except DocumentError as error:  # a newer version wrote the manifest: the rest is still useful
        log.warn(str(error))
        manifest = Manifest(id=release.id)
    sources = [{name: getattr(source, name) for name in SOURCE_FIELDS} for source in manifest.sources]
    shown = shorten_to_bytes(sources) if release.live else []
    return {
        **release.to_list_entry(),
        "bytes": size,
        "as_original": manifest.inputs.as_original if manifest.inputs else None,
        "sources": shown,
        "more_sources": len(manifest.sources) - len(shown),
    }


def measure_database(connection: psycopg.Connection) -> dict[str, Any]:
    """Return name and size in bytes of the database, as a JSON object."""
    query = "SELECT current_database(), pg_database_size(current_database())"
    name, size = fetch_row(connection.execute(query))
    return {"name": name, "bytes": size}


def measure_bucket(store: Store) -> dict[str, Any]:
    """Return number and bytes of the objects in the bucket by prefix of their keys, as a JSON object."""
    counted = {prefix: {"objects": 0, "bytes": 0} for prefix in (*PREFIXES, "other")}
    for entry in store.list_objects():
        group = next((prefix for prefix in PREFIXES if entry.key.startswith(prefix)), "other")
        counted[group]["objects"] += 1
        counted[group]["bytes"] += entry.size
    return {"bucket": store.bucket, "prefixes": counted}
