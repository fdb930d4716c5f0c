# SPDX-License-Identifier: Apache-2.0
"""Read, make and compare markers, which say what a file in the bucket was made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cosmogony_steps import log, object_keys
from cosmogony_steps.documents import DocumentError, Inputs, NewerFormatError, PartMarker, SourceMarker
from cosmogony_steps.s3 import ObjectInfo, Store

from ..sources.base import FileVersion
from ..sources.source_config import SourceConfig
from .inputs import digest_document

_Marker = TypeVar("_Marker", SourceMarker, PartMarker)


@dataclass(frozen=True, slots=True)
class ReleasePart:
    """The part of a release that one source gives: the source, the marker of its file, and that of its zones."""

    config: SourceConfig
    source: SourceMarker
    zones: PartMarker


def get_current_time() -> datetime:
    """Return the current time in UTC, cut to whole seconds as markers have it."""
    return datetime.now(UTC).replace(microsecond=0)


def read_source_marker(store: Store, item: SourceConfig) -> SourceMarker | None:
    """Return the marker of the stored file of a source; None if the marker is missing or damaged.

    Raises:
        NewerFormatError: a newer version of this program wrote it.
    """
    return _read(store, object_keys.get_source_marker_key(item.name), SourceMarker)


def read_part_marker(store: Store, item: SourceConfig) -> PartMarker | None:
    """Return the marker of the stored zones of a source; None if the marker is missing or damaged.

    Raises:
        NewerFormatError: a newer version of this program wrote it.
    """
    return _read(store, object_keys.get_part_marker_key(item.name), PartMarker)


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


def is_intact(marker: SourceMarker | PartMarker | None, found: ObjectInfo | None) -> bool:
    """Return whether the stored object has the size and ETag in its marker; False if either is missing."""
    return marker is not None and found is not None and (found.size, found.etag) == (marker.size, marker.etag)


def is_part_current(store: Store, item: SourceConfig, marker: PartMarker | None, digest: str) -> bool:
    """Return whether the stored zones of a source are intact and were made from inputs with this digest.

    Args:
        store: the bucket.
        item: the source.
        marker: of its zones.
        digest: see `digest_part_inputs`.
    """
    return (
        marker is not None
        and marker.digest == digest
        and is_intact(marker, store.find_info(object_keys.get_part_key(item.name)))
    )


def make_source_marker(
    item: SourceConfig, version: FileVersion, *, sha256: str, md5: str, size: int, etag: str, seconds: float
) -> SourceMarker:
    """Return the marker of a file that was just fetched; the fetch took `seconds`."""
    return SourceMarker(
        name=item.name,
        url=item.redacted_url,
        file=version.file_name,
        version=version.to_document(),
        version_date=version.data_date,
        sha256=sha256,
        md5=md5,
        size=size,
        etag=etag,
        fetched=get_current_time(),
        seconds=round(seconds, 1),
    )


def is_same_version(marker: SourceMarker | None, version: FileVersion) -> bool:
    """Return whether the server still has the version of the file that the marker describes.

    The published checksum decides. Without one the ETag does, and without an ETag date and size.
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


def digest_part_inputs(item: SourceConfig, sha256: str, inputs: Inputs) -> str:
    """Return the sha256 of everything that the zones of a source depend on; equal ones mean equal zones.

    Args:
        item: the source.
        sha256: of its file.
        inputs: rules, extractor and settings.
    """
    return digest_document(
        {
            "source": sha256,
            "rules": inputs.rules,
            "extractor": inputs.extractor,
            "languages": list(item.choose_languages(inputs.languages)),
            "country_code": item.country_code,
            "disable_voronoi": item.disable_voronoi,
            "as_original": inputs.as_original,
        }
    )
