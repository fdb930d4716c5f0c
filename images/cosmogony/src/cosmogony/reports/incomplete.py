# SPDX-License-Identifier: Apache-2.0
"""Find relations with missing members, and whether they belong to the country of the extract.

An extract always cuts the zones of neighbouring countries. A cut zone of the country it covers is a problem: the whole
hierarchy below it is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..array_types import Points
from ..geometry.areas import Area
from ..hierarchy.countries import CountryLocator
from ..osm.country_codes import find_country_code_or_that_of_subdivision
from ..osm.reader import INNER_ROLE, OUTER_ROLES, Extract, Relation
from ..zones.zone import Zone


@dataclass(slots=True, frozen=True)
class IncompleteRelation:
    """A boundary relation of which some members are not in the extract."""

    osm_id: str
    name: str
    admin_level: str
    missing: int  # number of members that the extract lacks
    has_geometry: bool
    own: bool  # whether the relation is of the country of the extract, not of a neighbour

    def __str__(self) -> str:
        state = "cut" if self.has_geometry else "dropped"
        return f"{self.osm_id} {self.name!r} level {self.admin_level or '?'}: {self.missing} members missing, {state}"


def find_extract_country(zones: Sequence[Zone], country_code: str | None) -> str | None:
    """Return the country code of an extract: the given one, otherwise that of most zones, None without any."""
    if country_code is not None:
        return country_code
    found = Counter(z.country for z in zones if z.country is not None and z.type is not None)
    return min(found, key=lambda code: (-found[code], code)) if found else None


def find_incomplete_relations(
    flawed: Sequence[tuple[Relation, Area]], countries: Mapping[int, str | None], own: str | None
) -> list[IncompleteRelation]:
    """Return the relations with missing members, in the order of `flawed`.

    Args:
        flawed: the relations that something is wrong with.
        countries: the country of each of them, by the number of its OSM id.
        own: the country of the extract.
    """
    return [
        IncompleteRelation(
            relation.osm_id,
            relation.tags.get("name", ""),
            relation.tags.get("admin_level", ""),
            area.missing,
            area.has_polygons,
            own is not None and countries[relation.id] == own,
        )
        for relation, area in flawed
        if area.missing
    ]


def find_relation_country(relation: Relation, extract: Extract, countries: CountryLocator) -> str | None:
    """Return the country code of a relation without a zone: by its tags, otherwise its centre, otherwise its border."""
    code = find_country_code_or_that_of_subdivision(relation.tags)
    if code is not None:
        return code
    for ref in (relation.centre, relation.label):
        node = None if ref is None else extract.nodes.get(ref)
        if node is not None:
            return countries.find_country_of_any_point(np.array([[node.lon, node.lat]]))
    return countries.find_country_of_any_point(_sample_border(relation, extract))


def _sample_border(relation: Relation, extract: Extract) -> Points:
    """Return three points of each way of a border, both ends and one between them, of shape (n, 2).

    Ends may lie on the border of the country, which its neighbours share; the point between them decides then.
    """
    ways, roles = extract.ways, OUTER_ROLES | {INNER_ROLE}
    known = [ways.index[ref] for ref, role in relation.ways if role in roles and ref in ways.index]
    if not known:
        return np.empty((0, 2))
    first, last = ways.start[known], ways.start[np.array(known) + 1] - 1
    points: Points = ways.points[np.concatenate([first, (first + last) // 2, last])]
    return points
