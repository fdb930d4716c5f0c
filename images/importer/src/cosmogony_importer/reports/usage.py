# SPDX-License-Identifier: Apache-2.0
"""What the kept releases were made from, and how much room they take in the database and in the object store."""

from __future__ import annotations

from typing import Any

import psycopg

from ..releases import catalog
from ..releases.catalog import Release
from ..storage import Store

# Beginnings of names in the bucket, the first that fits counts.
PREFIXES = ("osm/", "cosmogony-data/parts/", "cosmogony-data/concat/", "releases/")
SOURCE = ("name", "url", "file", "version_date", "size", "zones")


def of_release(connection: psycopg.Connection, release: Release) -> dict[str, Any]:
    """One release: state, verdict, sources, bytes of its schema with indexes and tiles."""
    (size,) = connection.execute(
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r'",
        (release.schema_name,),
    ).fetchone()
    manifest = _manifest(connection, release)
    return {
        "id": release.id,
        "state": release.state,
        "live": release.live,
        "zones": release.zones,
        "created": release.created.isoformat(),
        "published": release.published_at.isoformat() if release.published_at else None,
        "gate": (release.gate or {}).get("verdict"),
        "override": release.override,
        "bytes": size,
        "as_original": (manifest.get("inputs") or {}).get("as_original"),
        "sources": [{name: source.get(name) for name in SOURCE} for source in manifest.get("sources", [])],
    }


def _manifest(connection: psycopg.Connection, release: Release) -> dict[str, Any]:
    if release.state == "loading":
        return {}
    manifest = catalog.document(connection, release.schema_name, "manifest")
    return manifest if isinstance(manifest, dict) else {}


def of_database(connection: psycopg.Connection) -> dict[str, Any]:
    name, size = connection.execute("SELECT current_database(), pg_database_size(current_database())").fetchone()
    return {"name": name, "bytes": size}


def of_store(store: Store) -> dict[str, Any]:
    """Objects and bytes in the bucket by the beginning of their names."""
    counted = {prefix: {"objects": 0, "bytes": 0} for prefix in (*PREFIXES, "other")}
    with store.errors(""):
        for entry in store.client.list_objects(store.settings.bucket, recursive=True):
            group = next((prefix for prefix in PREFIXES if entry.object_name.startswith(prefix)), "other")
            counted[group]["objects"] += 1
            counted[group]["bytes"] += entry.size or 0
    return {"bucket": store.settings.bucket, "prefixes": counted}
