# SPDX-License-Identifier: Apache-2.0
"""The summary of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Struct, UnsetType

from .document import NO_FORMAT, Bytes, Count, Day, Digest, Document, Moment, Names, Seconds, describe
from .findings import DroppedZone, FindingRow
from .gate import GateReport
from .manifest import StepSeconds, Versions
from .states import RunResult


class SummarySource(Struct, frozen=True, kw_only=True):
    """A source as stored, and whether this run brought it."""

    name: str
    url: str | None = None
    file: str | None = None
    version_date: Day | None = None
    size: Bytes | None = None
    sha256: Digest | None = None
    zones: Count | None = None
    fetched: bool
    extracted: bool
    seconds: StepSeconds


class SummaryInputs(Struct, frozen=True, kw_only=True):
    """All that the release of the run is made from."""

    digest: Digest | None = None
    languages: Names | None = None
    as_original: bool | None = None
    versions: Versions | None = None
    sources: tuple[SummarySource, ...] = ()


class StatusCounts(Struct, frozen=True, kw_only=True):
    """Expected counts by their status."""

    ok: Count
    ko: Count
    skip: Count


class SummaryCounts(Struct, frozen=True, kw_only=True):
    """Zones and expected counts, as far as the run came."""

    zones: Count | UnsetType = UNSET
    by_type: dict[str, Count] | UnsetType = UNSET
    by_country: dict[str, dict[str, Count]] | UnsetType = UNSET
    loaded: Count | UnsetType = UNSET
    expected: StatusCounts | UnsetType = UNSET
    sources: Count


class LiveRelease(Struct, frozen=True, kw_only=True):
    """The release that is live when the run has ended."""

    id: str
    published: Moment | None = None
    zones: Count | None = None


class DroppedSummary(Struct, frozen=True, kw_only=True):
    """Copies of zones that were left out, and the first of them."""

    number: Count
    zones: tuple[DroppedZone, ...]


class FindingSummary(Struct, frozen=True, kw_only=True):
    """Objects by reason, and the rows that count most of them."""

    by_reason: dict[str, Count]
    rows: tuple[FindingRow, ...]


class Failure(Struct, frozen=True, kw_only=True):
    """Where a run failed, or failed at first."""

    step: str
    message: str
    pod: Annotated[str | UnsetType | None, describe("none ever ran")] = UNSET
    finished: str | UnsetType | None = UNSET


class WebhookAnswer(Struct, frozen=True, kw_only=True):
    """What came of posting the summary."""

    posted: bool
    status: int | None
    attempts: Count
    error: str | UnsetType = UNSET


class RunSummary(Document, frozen=True, kw_only=True):
    """What came of a data update: runs/WORKFLOW/summary.json, releases/ID/summary.json, and what the webhook gets."""

    TITLE: ClassVar[str] = "run summary"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "look at the logs of the run"

    text: Annotated[str, describe("all of it in one line, under the name that chat services look for")]
    format: Literal[1] = 1
    run: str
    status: Annotated[str, describe("as Argo says")]
    result: RunResult
    published: bool
    started: Moment | None
    finished: Moment
    mode: str | None
    reason: str | None
    override: str | None
    release: str | None
    live: LiveRelease | None
    inputs: SummaryInputs
    counts: SummaryCounts
    durations: Annotated[dict[str, Seconds | None], describe("by step, and total")]
    skipped: Annotated[Names, describe("sources that the run found extracted")]
    dropped: DroppedSummary
    left_out: FindingSummary | None
    repaired: FindingSummary | None
    gate: GateReport | None
    failures: tuple[Failure, ...]
    retried: tuple[Failure, ...]
    warnings: Names
    webhook: Annotated[WebhookAnswer | UnsetType | None, describe("absent while it is posted")] = UNSET

    @classmethod
    def upgrade(cls, data: Mapping[str, Any], number: int) -> Mapping[str, Any]:
        """Take a gate report of an earlier format, whatever the format of the summary."""
        gate = data.get("gate")
        if not isinstance(gate, Mapping) or "format" in gate:
            return data
        return {**data, "gate": GateReport.upgrade(gate, NO_FORMAT)}
