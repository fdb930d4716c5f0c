# SPDX-License-Identifier: Apache-2.0
"""Markers: what lies in the bucket and what it was made from, written after the file they describe."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Struct

from .document import Bytes, Count, Day, Digest, Document, Moment, Names, Seconds, describe
from .findings import FindingRow, IncompleteRelation


class SourceVersion(Struct, frozen=True, kw_only=True):
    """What the server of a source said about its file."""

    url: Annotated[str, describe("after redirects, without query")]
    size: Bytes | None = None
    etag: str | None = None
    last_modified: str | None = None
    md5: Annotated[str | None, describe("as published beside the file")] = None


class SourceMarker(Document, frozen=True, kw_only=True):
    """A fetched OSM extract: osm/FILE.json beside osm/FILE."""

    TITLE: ClassVar[str] = "source marker"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "remove it and run the update again, which fetches the source again"

    format: Literal[1] = 1
    name: str
    url: Annotated[str, describe("as configured, without query")]
    file: Annotated[str, describe("name of the file behind the URL")]
    version: SourceVersion
    version_date: Day | None
    sha256: Digest
    md5: str
    size: Bytes
    etag: Annotated[str, describe("ETag of the object in the bucket")]
    fetched: Moment | None = None
    seconds: Seconds


class PartSource(Struct, frozen=True, kw_only=True):
    """The file that a part was made from."""

    url: str
    file: str
    sha256: Digest
    md5: str
    size: Bytes
    version_date: Day | None
    seconds: Annotated[Seconds, describe("seconds that its fetch took")]


class PartCounts(Struct, frozen=True, kw_only=True):
    """Zones of a part, by type and by country; those of no known country have the empty name."""

    by_type: dict[str, Count] = {}
    by_country: dict[str, dict[str, Count]] = {}


class PartMarker(Document, frozen=True, kw_only=True):
    """The zones of one source: cosmogony-data/parts/FILE.json beside FILE.jsonl.gz."""

    TITLE: ClassVar[str] = "part marker"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "remove it and run the update again, which extracts the source again"

    format: Literal[1] = 1
    name: str
    digest: Annotated[Digest, describe("sha256 of all that the zones are made from, in hexadecimal digits")]
    source: PartSource
    rules: Digest
    extractor: Digest
    languages: Names
    country_code: str
    disable_voronoi: bool
    as_original: bool = False
    size: Bytes
    sha256: Digest
    etag: Annotated[str, describe("ETag of the object in the bucket")]
    zones: Count
    counts: PartCounts = PartCounts()
    country: Annotated[str | None, describe("the extract's own")] = None
    data_timestamp: Annotated[str | None, describe("the moment that the extract shows")] = None
    incomplete: tuple[IncompleteRelation, ...] = ()
    left_out: tuple[FindingRow, ...] = ()
    repaired: tuple[FindingRow, ...] = ()
    extracted: Moment | None = None
    seconds: Seconds
