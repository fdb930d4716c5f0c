# SPDX-License-Identifier: Apache-2.0
"""Markers: what lies in the store and what it was made from, written after the file they describe."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

from cosmogony_steps import keys, log
from cosmogony_steps.documents import DocumentError, NewerFormatError, PartMarker, SourceMarker
from cosmogony_steps.s3 import ObjectInfo, Store

from ..sources.base import Version
from ..sources.source_config import SourceConfig
from . import canonical

_Marker = TypeVar("_Marker", SourceMarker, PartMarker)


def now() -> datetime:
    """Return the time in whole seconds, as markers have it."""
    return datetime.now(UTC).replace(microsecond=0)


def read_source(store: Store, item: SourceConfig) -> SourceMarker | None:
    """Return the marker of a fetched source; None when there is none, or a damaged one.

    Raises:
        NewerFormatError: if a newer version wrote it.
    """
    return _read(store, keys.source_marker(item.name), SourceMarker)


def read_part(store: Store, item: SourceConfig) -> PartMarker | None:
    """Return the marker of the zones of a source; None when there is none, or a damaged one.

    Raises:
        NewerFormatError: if a newer version wrote it.
    """
    return _read(store, keys.part_marker(item.name), PartMarker)


def _read(store: Store, key: str, kind: type[_Marker]) -> _Marker | None:
    document = store.find_json(key)
    if document is None:
        return None
    try:
        return kind.from_json(document, key)
    except NewerFormatError:
        raise
    except DocumentError as cause:
        log.warn(f"{cause}; taking it as absent")
        return None


def describes(marker: SourceMarker | PartMarker | None, found: ObjectInfo | None) -> bool:
    """Tell whether the object is the very one that the marker was written for."""
    return marker is not None and found is not None and (found.size, found.etag) == (marker.size, marker.etag)


def source_marker(
    item: SourceConfig, version: Version, *, sha256: str, md5: str, size: int, etag: str, seconds: float
) -> SourceMarker:
    """Return the marker of a file that was just fetched, in `seconds`."""
    return SourceMarker(
        name=item.name,
        url=item.shown,
        file=version.file,
        version=version.as_document(),
        version_date=version.date,
        sha256=sha256,
        md5=md5,
        size=size,
        etag=etag,
        fetched=now(),
        seconds=round(seconds, 1),
    )


def same_version(marker: SourceMarker | None, version: Version) -> bool:
    """Tell whether the server still has what was fetched.

    The published checksum decides, else the ETag, else date and size.
    """
    if marker is None:
        return False
    if version.size is not None and version.size != marker.size:
        return False
    if version.md5:
        return version.md5 == marker.md5
    old = marker.version
    if version.etag and old.etag:
        return version.etag == old.etag
    if version.last_modified and old.last_modified:
        return version.size is not None and version.last_modified == old.last_modified
    return False


def part_digest(
    item: SourceConfig, sha256: str, languages: tuple[str, ...], rules: str, extractor: str, as_original: bool
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
