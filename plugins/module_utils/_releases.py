# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""The data releases as the database or the API of the stack know them, and the sizes of database and bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError

from ansible.module_utils.urls import open_url

from ._errors import describe_cause
from ._services.errors import ServiceError
from ._services.portforward import forward_to_service
from ._services.postgres import PostgresServer
from ._services.s3 import S3Store

API_SERVICE = {"name": "cosmogony-api", "port": 8000}
# Sizes in the bucket are summed up for each of these prefixes; an object counts for the first one that fits.
PREFIXES = ("osm/", "cosmogony-data/parts/", "cosmogony-data/concat/", "releases/", "runs/")
SOURCE_FIELDS = ("name", "url", "file", "version_date", "size", "zones")

_CATALOG = "select to_regclass('public.cosmogony_releases') is not null as exists"
_RELEASES = """
select id, state, live, created, published_at, zones, gate, override,
       (select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = schema_name and c.relkind = 'r') as bytes
from public.cosmogony_releases order by created desc, id desc
"""
_MANIFEST = "select manifest from public.cosmogony_release"
_DATABASE = "select current_database() as name, pg_database_size(current_database()) as bytes"


def read_database_releases(server: PostgresServer, timeout: float) -> dict[str, Any]:
    """Read from the database all releases, the live one's manifest, and the name and size of the database.

    Raises:
        ServiceError: The database does not answer.
    """
    with server.connect(timeout) as connection:
        found: dict[str, Any] = {"releases": [], "manifest": None}
        found["database"] = connection.execute(_DATABASE).fetchone()
        if connection.execute(_CATALOG).fetchone()["exists"]:
            found["releases"] = connection.execute(_RELEASES).fetchall()
            found["manifest"] = (connection.execute(_MANIFEST).fetchone() or {}).get("manifest")
    return found


def read_api_releases(namespace: str, kubernetes: Any, timeout: float) -> dict[str, Any]:
    """Read from the stack's API, through a port-forward to its Service, all releases and the live one's manifest.

    Raises:
        ServiceError: The API does not answer.
    """
    with forward_to_service({**API_SERVICE, "namespace": namespace}, kubernetes) as local:
        host, port = local or ("", 0)
        url = f"http://{host}:{port}"
        return {
            "releases": _get(f"{url}/releases", timeout).get("releases", []),
            "manifest": _get(f"{url}/release", timeout).get("manifest"),
        }


def _get(url: str, timeout: float) -> dict[str, Any]:
    try:
        with open_url(url, timeout=timeout, use_proxy=False) as answer:
            document: dict[str, Any] = json.load(answer)
            return document
    except HTTPError as error:
        if error.code == 404:  # nothing has been published yet
            return {}
        raise ServiceError(
            "api_error", f"answers HTTP {error.code}", "look at its log; is PostgreSQL running?"
        ) from error
    except (OSError, ValueError) as error:
        raise ServiceError("api_error", f"does not answer ({describe_cause(error)})", "look at its log") from error


def describe_releases(found: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return ``live`` and ``releases`` as module release_info reports them.

    Args:
        found: What ``read_database_releases`` or ``read_api_releases`` returned.
        now: The time, for ages.
    """
    releases = [_describe_release(row) for row in found["releases"]]
    live = next((release for release in releases if release["live"]), None)
    if live:
        manifest = found["manifest"] or {}
        published = datetime.fromisoformat(live["published"] or live["created"])
        live = {
            **live,
            "age_seconds": int((now - published.astimezone(UTC)).total_seconds()),
            "as_original": (manifest.get("inputs") or {}).get("as_original"),
            "sources": [{name: each.get(name) for name in SOURCE_FIELDS} for each in manifest.get("sources") or []],
        }
    return {"live": live, "releases": releases}


def _describe_release(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "state": row["state"],
        "live": row["live"],
        "zones": row["zones"],
        "created": _format_time(row["created"]),
        "published": _format_time(row["published_at"]),
        "gate": (row["gate"] or {}).get("verdict"),
        "override": row["override"],
        "bytes": row.get("bytes"),
    }


def _format_time(moment: datetime | str | None) -> str | None:
    """Return a time of the database or of the API as text in UTC, in whole seconds."""
    if moment is None:
        return None
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def measure_bucket(store: S3Store, timeout: float) -> dict[str, Any]:
    """Return the number of objects in the bucket and their bytes, by prefix.

    Raises:
        ServiceError: The store does not answer.
    """
    counted = {prefix: {"objects": 0, "bytes": 0} for prefix in (*PREFIXES, "other")}
    with store.connect(timeout) as client:
        for entry in client.list_objects(store.bucket, recursive=True):
            group = counted[next((prefix for prefix in PREFIXES if entry.object_name.startswith(prefix)), "other")]
            group["objects"] += 1
            group["bytes"] += entry.size
    return {"name": store.bucket, "prefixes": counted}
