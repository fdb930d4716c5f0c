# SPDX-License-Identifier: Apache-2.0
"""Markers: documents that describe a stored file and are written after it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Struct

from .document import Bytes, Count, Day, Digest, Document, Moment, Names, Seconds, describe_field
from .findings import FindingRow, IncompleteRelation


class SourceVersion(Struct, frozen=True, kw_only=True):
    """What the server of a source reported about its file."""

    url: Annotated[str, describe_field("after redirects, without query")]
    size: Bytes | None = None
    etag: str | None = None
    last_modified: str | None = None
    md5: Annotated[str | None, describe_field("as the server publishes it")] = None


class SourceMarker(Document, frozen=True, kw_only=True):
    """A fetched OSM extract: osm/FILE.json describes osm/FILE."""

    TITLE: ClassVar[str] = "source marker"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "remove it and run the update again, which fetches the source again"

    format: Literal[1] = 1
    name: str
    url: Annotated[str, describe_field("as configured, without query")]
    file: Annotated[str, describe_field("name of the file behind the URL")]
    version: SourceVersion
    version_date: Day | None
    sha256: Digest
    md5: str
    size: Bytes
    etag: Annotated[str, describe_field("ETag of the object in the bucket")]
    fetched: Moment | None = None
    seconds: Seconds


class PartSource(Struct, frozen=True, kw_only=True):
    """The file from which a part was made."""

    url: str
    file: str
    sha256: Digest
    md5: str
    size: Bytes
    version_date: Day | None
    seconds: Annotated[Seconds, describe_field("seconds that its fetch took")]


class PartZoneCounts(Struct, frozen=True, kw_only=True):
    """Numbers of zones of a part, by type and by country; the empty name stands for no known country."""

    by_type: dict[str, Count] = {}
    by_country: dict[str, dict[str, Count]] = {}


class PartMarker(Document, frozen=True, kw_only=True):
    """The zones of one source: cosmogony-data/parts/FILE.json describes FILE.jsonl.gz."""

    TITLE: ClassVar[str] = "part marker"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "remove it and run the update again, which extracts the source again"

    format: Literal[1] = 1
    name: str
    digest: Annotated[Digest, describe_field("sha256 of all that the zones are made from, in hexadecimal digits")]
    source: PartSource
    rules: Digest
    extractor: Digest
    languages: Names
    country_code: str
    disable_voronoi: bool
    as_original: bool = False
    size: Bytes
    sha256: Digest
    etag: Annotated[str, describe_field("ETag of the object in the bucket")]
    zones: Count
    counts: PartZoneCounts = PartZoneCounts()
    country: Annotated[str | None, describe_field("of the extract")] = None
    data_timestamp: Annotated[str | None, describe_field("time of the OSM data in the extract")] = None
    incomplete: tuple[IncompleteRelation, ...] = ()
    left_out: tuple[FindingRow, ...] = ()
    repaired: tuple[FindingRow, ...] = ()
    extracted: Moment | None = None
    seconds: Seconds
