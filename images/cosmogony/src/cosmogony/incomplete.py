# SPDX-License-Identifier: Apache-2.0
"""Relations that are not whole in the extract, and whether they belong to the source's own country.

An extract cuts the neighbours of what it covers, always. A cut zone of its own country is different: the whole
hierarchy below it would be lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from .areas import Area, Points
from .hierarchy import COUNTRY_TAG
from .reader import INNER_ROLE, OUTER_ROLES, Extract, Relation
from .zone import Zone
from .zone_type import ZoneType


@dataclass(slots=True)
class Cut:
    """A relation something is wrong with, as found while assembling."""

    relation: Relation
    area: Area


@dataclass(slots=True, frozen=True)
class IncompleteRelation:
    """A relation with missing members."""

    osm_id: str
    name: str
    admin_level: str
    missing: int
    has_geometry: bool
    own: bool

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    def __str__(self) -> str:
        state = "cut" if self.has_geometry else "dropped"
        return f"{self.osm_id} {self.name!r} level {self.admin_level or '?'}: {self.missing} members missing, {state}"


def own_country(zones: Sequence[Zone], country_code: str | None) -> str | None:
    """The country an extract is about: the one named, else the one most zones are in."""
    if country_code is not None:
        return country_code
    found = Counter(z.country for z in zones if z.country is not None and z.type is not None)
    return min(found, key=lambda code: (-found[code], code)) if found else None


def report(cuts: Sequence[Cut], zones: Sequence[Zone], extract: Extract, own: str | None) -> list[IncompleteRelation]:
    """The relations with missing members, by OSM id."""
    countries = _Countries(zones, extract, own)
    made = []
    for cut in cuts:
        if not cut.area.missing:
            continue
        tags = cut.relation.tags
        made.append(
            IncompleteRelation(
                f"relation:{cut.relation.id}",
                tags.get("name", ""),
                tags.get("admin_level", ""),
                cut.area.missing,
                bool(cut.area.parts),
                _belongs(cut.relation, extract, own, countries),
            )
        )
    return made


class _Countries:
    """The zones that are the extract's own country (several where copies or islands are countries too)."""

    def __init__(self, zones: Sequence[Zone], extract: Extract, own: str | None) -> None:
        found = [z for z in zones if z.type == ZoneType.COUNTRY and z.country == own and z.rings]
        self.shapes = [z.geometry(extract.ways) for z in found]
        shapely.prepare(self.shapes)
        box = np.array([z.box for z in found], dtype=np.float64).reshape(-1, 4)
        self.low, self.high = box[:, :2], box[:, 2:]


def _belongs(relation: Relation, extract: Extract, own: str | None, countries: _Countries) -> bool:
    """By the ISO codes of the relation, else by its centre, else by the points of its border that are there."""
    if own is None:
        return False
    code = relation.tags.get(COUNTRY_TAG) or relation.tags.get("ISO3166-1") or relation.tags.get("ISO3166-2")
    if code:
        return code[:2] == own
    for ref in (relation.centre, relation.label):
        node = None if ref is None else extract.nodes.get(ref)
        if node is not None:
            return _any_inside(countries, np.array([[node.lon, node.lat]]))
    ways = extract.ways
    roles = OUTER_ROLES | {INNER_ROLE}
    known = [ways.index[ref] for ref, role in relation.ways if role in roles and ref in ways.index]
    if not known:
        return False
    # A border between two ends that are shared is on one side of the country's own border, or on it; points on it
    # say nothing, neighbours have them too.
    first, last = ways.start[known], ways.start[np.array(known) + 1] - 1
    points = ways.points[np.concatenate([first, (first + last) // 2, last])]
    return _any_inside(countries, points)


def _any_inside(countries: _Countries, points: Points) -> bool:
    """Whether a point is inside (and not on the border) of one of the shapes."""
    low, high = points.min(axis=0), points.max(axis=0)
    near = np.all(countries.low <= high, axis=1) & np.all(countries.high >= low, axis=1)
    shapes = [countries.shapes[k] for k in np.flatnonzero(near)]
    return any(bool(shapely.contains_xy(shape, points[:, 0], points[:, 1]).any()) for shape in shapes)
