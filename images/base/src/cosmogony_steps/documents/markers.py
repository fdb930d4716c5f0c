# SPDX-License-Identifier: Apache-2.0
"""Markers: what lies in the bucket and what it was made from, written after the file they describe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from .document import Bytes, Count, Day, Digest, Document, Moment, Names, Seconds, describe
from .findings import FindingRow, IncompleteRelation


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceVersion:
    """What the server of a source said about its file."""

    url: Annotated[str, describe("after redirects, without query")]
    size: Bytes | None = None
    etag: str | None = None
    last_modified: str | None = None
    md5: Annotated[str | None, describe("as published beside the file")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMarker(Document):
    """A fetched OSM extract: osm/FILE.json beside osm/FILE."""

    TITLE: ClassVar[str] = "source marker"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "remove it and run the update again, which fetches the source anew"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSource:
    """The file that a part was made from."""

    url: str
    file: str
    sha256: Digest
    md5: str
    size: Bytes
    version_date: Day | None
    seconds: Annotated[Seconds, describe("seconds that its fetch took")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCounts:
    """Zones of a part, by type and by country; those of no known country have the empty name."""

    by_type: dict[str, Count] = field(default_factory=dict)
    by_country: dict[str, dict[str, Count]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartMarker(Document):
    """The zones of one source: cosmogony-data/parts/FILE.json beside FILE.jsonl.gz."""

    TITLE: ClassVar[str] = "part marker"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "remove it and run the update again, which extracts the source anew"

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
    counts: PartCounts = field(default_factory=PartCounts)
    country: Annotated[str | None, describe("the extract's own")] = None
    data_timestamp: Annotated[str | None, describe("the moment that the extract shows")] = None
    incomplete: tuple[IncompleteRelation, ...] = ()
    left_out: tuple[FindingRow, ...] = ()
    repaired: tuple[FindingRow, ...] = ()
    extracted: Moment | None = None
    seconds: Seconds
