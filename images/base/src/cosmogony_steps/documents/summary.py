# SPDX-License-Identifier: Apache-2.0
"""The summary of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Struct, UnsetType

from .document import NO_FORMAT, Bytes, Count, Day, Digest, Document, Moment, Names, Seconds, describe_field
from .findings import DroppedZone, FindingRow
from .gate import GateReport
from .manifest import StepSeconds, Versions
from .states import RunResult


class SummarySource(Struct, frozen=True, kw_only=True):
    """A stored source, and whether this run fetched or extracted it."""

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
    """The inputs of the release of the run."""

    digest: Digest | None = None
    languages: Names | None = None
    as_original: bool | None = None
    versions: Versions | None = None
    sources: tuple[SummarySource, ...] = ()


class StatusCounts(Struct, frozen=True, kw_only=True):
    """Numbers of expected counts by status."""

    ok: Count
    ko: Count
    skip: Count


class SummaryCounts(Struct, frozen=True, kw_only=True):
    """Numbers of zones and expected counts, as far as the run got."""

    zones: Count | UnsetType = UNSET
    by_type: dict[str, Count] | UnsetType = UNSET
    by_country: dict[str, dict[str, Count]] | UnsetType = UNSET
    loaded: Count | UnsetType = UNSET
    expected: StatusCounts | UnsetType = UNSET
    sources: Count


class LiveRelease(Struct, frozen=True, kw_only=True):
    """The live release at the end of the run."""

    id: str
    published: Moment | None = None
    zones: Count | None = None


class DroppedZonesSummary(Struct, frozen=True, kw_only=True):
    """The number of dropped copies of zones, and the first of them."""

    number: Count
    zones: tuple[DroppedZone, ...]


class FindingSummary(Struct, frozen=True, kw_only=True):
    """Numbers of objects by reason, and the rows with the largest numbers."""

    by_reason: dict[str, Count]
    rows: tuple[FindingRow, ...]


class Failure(Struct, frozen=True, kw_only=True):
    """A failed step, or a failed attempt of one."""

    step: str
    message: str
    pod: Annotated[str | UnsetType | None, describe_field("null if none ran")] = UNSET
    finished: str | UnsetType | None = UNSET


class WebhookAnswer(Struct, frozen=True, kw_only=True):
    """The result of posting the summary."""

    posted: bool
    status: int | None
    attempts: Count
    error: str | UnsetType = UNSET


class RunSummary(Document, frozen=True, kw_only=True):
    """Result of a data update: runs/WORKFLOW/summary.json, releases/ID/summary.json, and the body of the webhook."""

    TITLE: ClassVar[str] = "run summary"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "look at the logs of the run"

    text: Annotated[str, describe_field("the result in one line, under the key that chat services expect")]
    format: Literal[1] = 1
    run: str
    status: Annotated[str, describe_field("of the workflow, in the words of Argo")]
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
    durations: Annotated[dict[str, Seconds | None], describe_field("by step, and total")]
    skipped: Annotated[Names, describe_field("sources that had been extracted before the run")]
    dropped: DroppedZonesSummary
    left_out: FindingSummary | None
    repaired: FindingSummary | None
    gate: GateReport | None
    failures: tuple[Failure, ...]
    retried: tuple[Failure, ...]
    warnings: Names
    webhook: Annotated[WebhookAnswer | UnsetType | None, describe_field("absent in the body of the webhook")] = UNSET

    @classmethod
    def upgrade(cls, data: Mapping[str, Any], number: int) -> Mapping[str, Any]:
        """Convert a gate report without a format number."""
        gate = data.get("gate")
        if not isinstance(gate, Mapping) or "format" in gate:
            return data
        return {**data, "gate": GateReport.upgrade(gate, NO_FORMAT)}
