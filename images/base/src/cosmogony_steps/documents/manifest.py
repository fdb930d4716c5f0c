# SPDX-License-Identifier: Apache-2.0
"""The manifest of a release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Struct, field

from .document import Bytes, Count, Day, Digest, Document, Moment, Names, Seconds, describe_field, fits_type
from .findings import DroppedZone, FindingRow, IncompleteOfSource
from .inputs import Inputs
from .states import ReleaseState, WarningKind


class StepSeconds(Struct, frozen=True, kw_only=True):
    """Duration of the steps fetch and extract of a source."""

    fetch: Seconds | None = None
    extract: Seconds | None = None


class ManifestSource(Struct, frozen=True, kw_only=True):
    """A source of the release."""

    name: str
    url: str
    file: str
    sha256: Digest | None = None
    md5: str | None = None
    size: Bytes
    version_date: Day | None = None
    data_timestamp: str | None = None
    zones: Count
    fetched: Moment | None = None
    extracted: Moment | None = None
    seconds: StepSeconds = StepSeconds()


class ManifestCounts(Struct, frozen=True, kw_only=True):
    """Numbers of zones of a release, by type and by country; the empty name stands for no known country."""

    zones: Count
    by_type: dict[str, Count] = {}
    by_country: dict[str, dict[str, Count]] = {}


class SkippedSources(Struct, frozen=True, kw_only=True):
    """Names of the sources that a step skipped, because nothing had changed."""

    fetch: Names = ()
    extract: Names = ()


class SourceWarning(Struct, frozen=True, kw_only=True):
    """A problem of a source that does not block the release."""

    source: str
    kind: WarningKind
    count: Count
    text: str


class Versions(Struct, frozen=True, kw_only=True):
    """Versions of the programs that made the zones."""

    extractor: str
    rules: Digest


class ZonesFile(Struct, frozen=True, kw_only=True):
    """The file of zones of the release."""

    size: Bytes
    sha256: Digest


class Manifest(Document, frozen=True, kw_only=True):
    """What a release is made from and what it contains: releases/ID/manifest.json, and a row of the release's schema.

    Without `inputs` the zones were loaded from a file, or are the table of an original database.
    """

    TITLE: ClassVar[str] = "manifest"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "run an update with a reason, which makes a new release"

    format: Literal[1] = 1
    id: str
    created: Moment | None = None
    state: ReleaseState | None = None
    published: Moment | None = None
    inputs: Inputs | None = None
    inputs_digest: Digest | None = None
    sources: tuple[ManifestSource, ...] = ()
    counts: ManifestCounts | None = None
    dropped: Annotated[tuple[DroppedZone, ...], describe_field("the first of them")] = ()
    dropped_count: Annotated[
        Count | None, describe_field("null in the manifests of earlier versions, which list all")
    ] = None
    reparented: Count = 0
    left_out: Annotated[tuple[FindingRow, ...] | None, describe_field("null in the manifests of earlier versions")] = (
        None
    )
    repaired: tuple[FindingRow, ...] | None = None
    incomplete: tuple[IncompleteOfSource, ...] = ()
    skipped: SkippedSources = SkippedSources()
    warnings: tuple[SourceWarning, ...] = ()
    versions: Versions | None = None
    zones_file: ZonesFile | None = None
    durations: Annotated[dict[str, Seconds], describe_field("by step")] = field(default_factory=dict)

    @classmethod
    def upgrade(cls, data: Mapping[str, Any], number: int) -> Mapping[str, Any]:
        """Drop rows of lists that had other keys in earlier versions."""
        if number >= cls.FORMAT:
            return data
        lists = {"left_out": FindingRow, "repaired": FindingRow, "incomplete": IncompleteOfSource}
        kept = {
            name: [row for row in data[name] if fits_type(row, kind)]
            for name, kind in lists.items()
            if isinstance(data.get(name), list)
        }
        return {**data, **kept}
