# SPDX-License-Identifier: Apache-2.0
"""What a data update is going to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from .document import Bytes, Day, Document, Names, describe
from .states import SourceState


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanItem:
    """One source, as the steps fetch and extract take it."""

    name: str
    url: Annotated[str, describe("without query")]
    country_code: str = ""
    languages: Names = ()
    disable_voronoi: bool = False
    disk: Annotated[str, describe("scratch space that its extraction needs, as Kubernetes writes it")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSource:
    """What the server of a source has against what is stored."""

    name: str
    url: str
    resolved_url: Annotated[str | None, describe("after redirects; null when the server was not asked")]
    version_date: Day | None
    size: Annotated[Bytes, describe("bytes; 0 where nobody knows them")]
    fetch_bytes: Bytes
    md5_published: bool
    state: SourceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Document):
    """The result of the step plan."""

    TITLE: ClassVar[str] = "plan"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "run the update again, which makes a new plan"

    format: Literal[1] = 1
    sources: tuple[PlanItem, ...]
    work: Annotated[tuple[PlanItem, ...], describe("those that go through fetch and extract")]
    changed: bool
    message: str
    release: Annotated[str, describe("the one that is current already, else empty")]
    details: tuple[PlannedSource, ...]
    merge_disk: Annotated[str, describe("scratch space that the merge needs, as Kubernetes writes it")]
    fetch_bytes: Bytes
