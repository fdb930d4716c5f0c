# SPDX-License-Identifier: Apache-2.0
"""The report of the gate on a release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

from .document import Count, Document, Moment, Names, describe_field, fits_type
from .findings import IncompleteOfSource
from .states import GateVerdict, IncompletePolicy

Limits: TypeAlias = dict[str, bool | int | float | str]


class ParentFigures(Struct, frozen=True, kw_only=True):
    """Zones whose parent does not exist, and zones in a cycle of parents."""

    missing: Count
    cycles: Count
    in_cycles: Count


class LeftOutGrowth(Struct, frozen=True, kw_only=True):
    """A reason for which more objects of a country were left out than in the live release."""

    country: Annotated[str, describe_field("empty if unknown")]
    reason: str
    before: Count
    after: Count
    examples: Names


class LeftOutFigures(Struct, frozen=True, kw_only=True):
    """Objects that were left out, and the reasons with more of them than in the live release."""

    by_reason: dict[str, Count]
    grown: tuple[LeftOutGrowth, ...]


class CountChange(Struct, frozen=True, kw_only=True):
    """The number of zones of one type in one country, in the live release and in this one."""

    country: str
    type: str
    before: Count
    after: Count


class LossFigures(Struct, frozen=True, kw_only=True):
    """The numbers of zones of the live release and of this one."""

    zones_before: Count
    zones_after: Count
    changes: tuple[CountChange, ...]


class TurnedCount(Struct, frozen=True, kw_only=True):
    """An expected count that the live release meets and this release does not."""

    name: str
    country: str | None
    type: str
    before: float
    after: float
    expected: tuple[float, float]


class ExpectedFigures(Struct, frozen=True, kw_only=True):
    """Expected counts of this release, compared with those of the live one."""

    rows: Count
    ok: Count
    ko: Count
    ok_before: Count
    turned: tuple[TurnedCount, ...]


class IncompleteFigures(Struct, frozen=True, kw_only=True):
    """Relations of a source's own country with missing members."""

    relations: Count
    new: Annotated[Count, describe_field("complete in the live release")]
    policy: IncompletePolicy
    named: tuple[IncompleteOfSource, ...]


class ZoneOutside(Struct, frozen=True, kw_only=True):
    """A zone that extends beyond its parent."""

    osm_id: str | None
    name: str | None
    country: str
    type: str
    generated: bool
    parent_osm_id: str | None
    parent_name: str | None
    percent: Annotated[float, describe_field("per cent of its area that are outside")]


class OutsideFigures(Struct, frozen=True, kw_only=True):
    """Zones that extend beyond their parents."""

    children: Count
    checked: Count
    without_area: Count
    outside: Count
    generated: Count
    wholly: Count
    worst: tuple[ZoneOutside, ...]


class GateFigures(Struct, frozen=True, kw_only=True):
    """The figures of all checks; a check that did not run has none."""

    zones: Count | UnsetType = UNSET
    compared_with: Annotated[str | UnsetType | None, describe_field("the live release")] = UNSET
    parents: ParentFigures | UnsetType = UNSET
    left_out: LeftOutFigures | UnsetType | None = UNSET
    losses: LossFigures | UnsetType = UNSET
    turned_ko: ExpectedFigures | UnsetType = UNSET
    incomplete: IncompleteFigures | UnsetType = UNSET
    outside: OutsideFigures | UnsetType = UNSET


class GateReport(Document, frozen=True, kw_only=True):
    """The verdict of the gate on a release, stored in the catalog of releases."""

    TITLE: ClassVar[str] = "gate report"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "run the gate on the release again"

    format: Literal[1] = 1
    verdict: GateVerdict
    findings: Names = ()
    notes: Annotated[Names, describe_field("problems that do not block the release")] = ()
    at: Moment | None = None
    limits: Annotated[Limits | None, describe_field("the settings gate.* at that time")] = None
    figures: GateFigures | None = None

    @classmethod
    def upgrade(cls, data: Mapping[str, Any], number: int) -> Mapping[str, Any]:
        """Drop limits and figures of another shape: they only explain the findings."""
        if number >= cls.FORMAT:
            return data
        kinds: dict[str, Any] = {"limits": Limits, "figures": GateFigures}
        unfit = {name: None for name, kind in kinds.items() if not fits_type(data.get(name), kind)}
        return {**data, **unfit}
