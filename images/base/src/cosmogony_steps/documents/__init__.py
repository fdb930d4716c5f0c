# SPDX-License-Identifier: Apache-2.0
"""The JSON documents that steps exchange: markers, plan, manifest, statistics, gate report, run summary.

Each is a type with ``from_json`` and ``to_json``. A field that is `ABSENT` has no key in the document.
"""

from __future__ import annotations

from msgspec import UNSET as ABSENT
from msgspec import UnsetType as Absent

from .claims import Claims
from .document import Document, DocumentError, NewerFormatError, to_json
from .findings import DroppedZone, FindingRow, IncompleteOfSource, IncompleteRelation
from .gate import (
    CountChange,
    ExpectedFigures,
    GateFigures,
    GateReport,
    IncompleteFigures,
    LeftOutFigures,
    LeftOutGrowth,
    LossFigures,
    OutsideFigures,
    ParentFigures,
    TurnedCount,
    ZoneOutside,
)
from .inputs import Credit, Inputs, InputSource
from .manifest import (
    Manifest,
    ManifestCounts,
    ManifestSource,
    SkippedSources,
    SourceWarning,
    StepSeconds,
    Versions,
    ZonesFile,
)
from .markers import PartMarker, PartSource, PartZoneCounts, SourceMarker, SourceVersion
from .plan import Batch, Plan, PlanItem, PlannedSource, Programs
from .states import (
    CountStatus,
    GateVerdict,
    IncompletePolicy,
    ReleaseState,
    RunResult,
    SourceState,
    WarningKind,
)
from .statistics import ExpectedCount, Statistics
from .summary import (
    DroppedZonesSummary,
    Failure,
    FindingSummary,
    LiveRelease,
    RunSummary,
    StatusCounts,
    SummaryCounts,
    SummaryInputs,
    SummarySource,
    WebhookAnswer,
)

__all__ = [
    "ABSENT",
    "Absent",
    "Batch",
    "Claims",
    "CountChange",
    "CountStatus",
    "Credit",
    "Document",
    "DocumentError",
    "DroppedZone",
    "DroppedZonesSummary",
    "ExpectedCount",
    "ExpectedFigures",
    "Failure",
    "FindingRow",
    "FindingSummary",
    "GateFigures",
    "GateReport",
    "GateVerdict",
    "IncompleteFigures",
    "IncompleteOfSource",
    "IncompletePolicy",
    "IncompleteRelation",
    "InputSource",
    "Inputs",
    "LeftOutFigures",
    "LeftOutGrowth",
    "LiveRelease",
    "LossFigures",
    "Manifest",
    "ManifestCounts",
    "ManifestSource",
    "NewerFormatError",
    "OutsideFigures",
    "ParentFigures",
    "PartMarker",
    "PartSource",
    "PartZoneCounts",
    "Plan",
    "PlanItem",
    "PlannedSource",
    "Programs",
    "ReleaseState",
    "RunResult",
    "RunSummary",
    "SkippedSources",
    "SourceMarker",
    "SourceState",
    "SourceVersion",
    "SourceWarning",
    "Statistics",
    "StatusCounts",
    "StepSeconds",
    "SummaryCounts",
    "SummaryInputs",
    "SummarySource",
    "TurnedCount",
    "Versions",
    "WarningKind",
    "WebhookAnswer",
    "ZoneOutside",
    "ZonesFile",
    "to_json",
]
