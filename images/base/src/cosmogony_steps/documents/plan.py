# SPDX-License-Identifier: Apache-2.0
"""The plan of a data update."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Struct

from ..settings import Settings
from .document import Bytes, Day, Digest, Document, Moment, Names, describe_field
from .inputs import Credit
from .states import SourceState


class PlanItem(Struct, frozen=True, kw_only=True):
    """One source, with what the steps fetch, extract and merge need."""

    name: str
    url: Annotated[str, describe_field("without query")]
    has_query: Annotated[bool, describe_field("whether the rest of the URL is in the settings only")] = False
    country_code: str = ""
    languages: Names = ()
    disable_voronoi: bool = False
    attribution: Annotated[tuple[Credit, ...], describe_field("empty: the contributors of OpenStreetMap")] = ()


class Batch(Struct, frozen=True, kw_only=True):
    """Sources that one pod fetches, and another one extracts, one after the other."""

    sources: Annotated[Names, describe_field("names of items")]
    disk: Annotated[str, describe_field("scratch space that the largest of them needs, as Kubernetes writes it")]


class PlannedSource(Struct, frozen=True, kw_only=True):
    """A source as its server offers it, compared with what is stored."""

    name: str
    url: str
    resolved_url: Annotated[str | None, describe_field("after redirects; null when the server was not asked")]
    version_date: Day | None
    size: Annotated[Bytes, describe_field("bytes; 0 if unknown")]
    fetch_bytes: Bytes
    md5_published: bool
    state: SourceState


class Programs(Struct, frozen=True, kw_only=True):
    """Versions of the programs and rules that make a release."""

    rules: Digest
    extractor: Digest
    importer: Annotated[str, describe_field("image reference")]
    dashboard: Annotated[str, describe_field("image reference")]


class Plan(Document, frozen=True, kw_only=True):
    """What a run is going to do, and the settings of all its steps: runs/WORKFLOW/plan.json."""

    TITLE: ClassVar[str] = "plan"
    FORMAT: ClassVar[int] = 1
    REMEDY: ClassVar[str] = "run the update again, which makes a new plan"

    format: Literal[1] = 1
    run: Annotated[str, describe_field("name of the workflow")]
    created: Moment
    changed: bool
    message: str
    release: Annotated[str, describe_field("the one that is up to date already, or empty")]
    reason: Annotated[str, describe_field("why a new release is made with the same inputs")]
    items: Annotated[tuple[PlanItem, ...], describe_field("all sources of the release, for merge")]
    batches: Annotated[tuple[Batch, ...], describe_field("those that go through fetch and extract")]
    details: tuple[PlannedSource, ...]
    fetch_bytes: Bytes
    merge_disk: Annotated[str, describe_field("scratch space that the merge needs, as Kubernetes writes it")]
    programs: Programs
    settings: Annotated[Settings, describe_field("of all steps of the run; URLs without query")]
