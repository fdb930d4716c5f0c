# SPDX-License-Identifier: Apache-2.0
"""Markers: what lies in the store and what it was made from, written after the file they describe."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cosmogony_steps import keys
from cosmogony_steps.s3 import ObjectInfo, Store

from . import canonical
from .items import Item
from .sources.base import Version

FORMAT = 1


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_source(store: Store, item: Item) -> dict[str, Any] | None:
    """The marker of a fetched source; None when there is none that this program understands."""
    return _understood(
        store.find_json(keys.source_marker(item.name)), ("url", "sha256", "md5", "size", "version", "etag")
    )


def read_part(store: Store, item: Item) -> dict[str, Any] | None:
    return _understood(
        store.find_json(keys.part_marker(item.name)), ("digest", "sha256", "size", "zones", "source", "etag")
    )


def _understood(marker: dict[str, Any] | None, needed: tuple[str, ...]) -> dict[str, Any] | None:
    if marker is None or marker.get("format") != FORMAT or any(key not in marker for key in needed):
        return None
    return marker


def describes(marker: Mapping[str, Any] | None, found: ObjectInfo | None) -> bool:
    """Is the object the very one the marker was written for?"""
    return marker is not None and found is not None and (found.size, found.etag) == (marker["size"], marker["etag"])


def source_marker(
    item: Item, version: Version, *, sha256: str, md5: str, size: int, etag: str, seconds: float
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": item.name,
        "url": item.shown,
        "file": version.file,
        "version": version.to_dict(),
        "version_date": version.date,
        "sha256": sha256,
        "md5": md5,
        "size": size,
        "etag": etag,
        "fetched": now(),
        "seconds": round(seconds, 1),
    }


def same_version(marker: Mapping[str, Any] | None, version: Version) -> bool:
    """Does the server still have what was fetched? The published checksum decides, else ETag, else date and size."""
    if marker is None:
        return False
    if version.size is not None and version.size != marker["size"]:
        return False
    if version.md5:
        return bool(version.md5 == marker["md5"])
    old = marker["version"]
    if version.etag and old.get("etag"):
        return bool(version.etag == old["etag"])
    if version.last_modified and old.get("last_modified"):
        return version.size is not None and bool(version.last_modified == old["last_modified"])
    return False


def part_digest(
    item: Item, sha256: str, languages: tuple[str, ...], rules: str, extractor: str, as_original: bool
) -> str:
    """What a part is made from: the same digest means the same zones."""
    return canonical.digest(
        {
            "source": sha256,
            "rules": rules,
            "extractor": extractor,
            "languages": list(item.effective_languages(languages)),
            "country_code": item.country_code,
            "disable_voronoi": item.disable_voronoi,
            "as_original": as_original,
        }
    )
