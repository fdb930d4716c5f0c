# SPDX-License-Identifier: Apache-2.0
"""Objects that an extraction or a merge left out or repaired."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from .document import Count, Names, describe_field


class FindingRow(Struct, frozen=True, kw_only=True):
    """Objects that were left out, or repaired, for one reason; relations have a level, place nodes a place.

    The extractor defines the reasons.
    """

    reason: str
    country_code: str | None
    admin_level: int | None = None
    place: str | None = None
    count: Count
    examples: Annotated[Names, describe_field("OSM ids, at most ten")]


class IncompleteRelation(Struct, frozen=True, kw_only=True):
    """A relation of a source's own country with missing members."""

    osm_id: str
    name: str
    admin_level: str
    missing: Count
    has_geometry: Annotated[bool, describe_field("false: it is not a zone")]
    own: bool


class IncompleteOfSource(IncompleteRelation, frozen=True, kw_only=True):
    """An incomplete relation, and the source in which it was found."""

    source: str


class DroppedZone(Struct, frozen=True, kw_only=True):
    """A zone that two sources contain; the copy in `source` was left out."""

    osm_id: str
    source: str
    kept_source: str
