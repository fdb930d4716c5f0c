# SPDX-License-Identifier: Apache-2.0
"""Assemble areas from the positions of their rings; the roles of the members are only hints.

Rings that touch nothing are nested here: a ring inside an even number of others is an outer one, inside an odd number a
hole. Where rings share points or sides, libosmium assembles them. Where a border crosses itself, libosmium refuses it,
and GEOS makes it valid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from ..array_types import Floats, Ints, Points
from ..decisions import Decisions
from ..findings import RepairKind
from ..osm.reader import Relation, Ways
from .antimeridian import crosses_antimeridian, cut_at_antimeridian, find_jumping_ways
from .areas import NO_AREA, Area, Chain, Ring, compute_signed_area, join_ways
from .boxes import build_box_tree
from .locations import encode_locations
from .multipolygons import assemble_polygons
from .polygon_extraction import extract_polygons
from .topology import Arcs

_INNER_ROLES = frozenset(("inner", "enclave"))
_OUTER_ROLES = frozenset(("outer", "exclave"))
_BORDER_ROLES = _INNER_ROLES | _OUTER_ROLES | {""}
#: Roles of members that belong to a boundary relation, but not to its border.
_OTHER_ROLES = frozenset(("subarea", "label", "admin_centre", "street", "house", "claim", "claimed"))


class AreaAssembler:
    """Assembles the area (polygons) of each boundary relation from its way members.

    Args:
        ways: the ways of the extract.
        arcs: the arcs of these ways.
        decisions: records how the border of one relation is made.
    """

    def __init__(self, ways: Ways, arcs: Arcs, decisions: Decisions) -> None:
        self._ways = ways
        self._arcs = arcs
        self._decisions = decisions
        self._first = encode_locations(ways.points[ways.start[:-1]]).tolist()
        self._last = encode_locations(ways.points[ways.start[1:] - 1]).tolist()
        ends = len(set(ways.first).union(ways.last))
        self._has_gaps = ends > len(set(self._first).union(self._last))  # ways end in different nodes at one location
        self._sizes = np.diff(ways.start).tolist()
        self._crossing: dict[int, list[int]] = {}
        self._crossed = np.zeros(len(arcs.canonical), dtype=np.bool_)
        self._crossed[arcs.crossings.ravel()] = True
        for one, two in arcs.crossings.tolist():
            self._crossing.setdefault(one, []).append(two)
        self._jumping = find_jumping_ways(ways)
        self._touching: list[_Touching] = []

    def assemble_area(self, relation: Relation) -> Area:
        """Return the area of a relation; without polygons until `assemble_touching_areas` if its rings touch."""
        area = Area()
        roles = self._find_border_members(relation, area)
        closed, unclosed = self._join_by_role(roles, area)
        if not area.missing and (unclosed or any(len(chain) == 2 and self._is_flat(chain) for chain in closed)):
            closed, unclosed = self._join_distinct(list(roles), area, (closed, unclosed))
        area.open_rings = len(unclosed)
        if area.missing or unclosed:
            closed = self._drop_orphans(closed, roles, area)
        if not closed:
            if not area.missing:
                area.problem = "its ways make no closed ring" if roles else "it has no way that could be its border"
            self._record_border(relation, area)
            return area
        if self._has_gaps:
            self._record_closed_gaps(closed, area)
        if self._jumping and any(self._crosses_antimeridian(chain) for chain in closed):
            self._cut_at_antimeridian(closed, area)
            self._record_border(relation, area)
            return area
        if self._rings_touch(closed):
            self._touching.append(self._prepare_touching(relation, area, closed))
            return area
        area.simple = True
        rings = [Ring(chain) for chain in closed]
        area.parts, depth = self._nest_rings(rings)
        self._compare_roles(rings, depth, roles, area)
        self._record_border(relation, area)
        return area

    def assemble_touching_areas(self) -> None:
        """Make the polygons of the areas that `assemble_area` left unfinished because their rings touch or cross."""
        # libosmium refuses borders that cross themselves, so it gets only those that do not
        clean = [entry for entry in self._touching if len(entry.border) and not self._has_crossing(entry.border)]
        found = assemble_polygons({entry.relation.id: entry.ways for entry in clean}, self._ways)
        for entry in self._touching:
            polygons = found.get(entry.relation.id)
            if not len(entry.border):
                entry.area.problem = NO_AREA
            elif polygons is not None and polygons.is_valid:
                entry.area.shape, entry.area.arcs = polygons, entry.border
            else:
                self._make_valid(entry)
            self._record_border(entry.relation, entry.area)
        self._touching.clear()

    def _prepare_touching(self, relation: Relation, area: Area, closed: list[Chain]) -> _Touching:
        rings = self._distinct_rings(closed, area)
        ways = [way for chain in rings for way, _ in chain]
        border = self._collect_border(ways)
        if len(border) < len(self._arcs.get_arcs_of_ways(np.array(ways, dtype=np.int64))):
            area.repairs[RepairKind.SELF_CROSSING] = (
                "its rings run along each other; sides that occur twice are not border"
            )
        return _Touching(relation, area, rings, ways, border)

    def _distinct_rings(self, closed: Sequence[Chain], area: Area) -> list[Chain]:
        """Return each closed chain once, without rings that run back on the same line and enclose nothing."""
        rings: dict[frozenset[int], Chain] = {}
        for chain in closed:
            border = frozenset(self._collect_border([way for way, _ in chain]).tolist())
            if not border:
                area.flat_rings += 1
            elif border in rings:
                area.repairs[RepairKind.REPEATED_MEMBER] = "some of its rings are the same"
            else:
                rings[border] = chain
        return list(rings.values())

    def _find_border_members(self, relation: Relation, area: Area) -> dict[int, str]:
        """Return the role of each member way that may be border, by index in `Ways`; count the missing ones."""
        roles: dict[int, str] = {}
        refs: set[int] = set()
        ways, index, damaged = self._ways, self._ways.index, self._ways.damaged
        for ref, text in relation.ways:
            way = index.get(ref)
            if text in _BORDER_ROLES and ref not in refs:  # true of nearly all members, so asked first
                role = text
            else:
                role = text.strip().lower()
                if role in _OTHER_ROLES:
                    continue
                if ref in refs:
                    area.repairs[RepairKind.REPEATED_MEMBER] = f"way {ref} is a member more than once"
                    if way is not None and roles[way] not in _BORDER_ROLES:
                        roles[way] = role
                    continue
            refs.add(ref)
            if way is not None:
                roles[way] = role
            if (way is None or ref in damaged) and role in _BORDER_ROLES and ref not in ways.flat:
                area.missing += 1
        return roles

    def _join_by_role(self, roles: dict[int, str], area: Area) -> tuple[list[Chain], list[Chain]]:
        """Join ways to closed and open chains; members of an unknown role are border where they close a ring."""
        known = [way for way, role in roles.items() if role in _BORDER_ROLES]
        if len(known) == len(roles):
            return self._join(known)
        closed, unclosed = self._join(list(roles))
        unclosed = [chain for chain in unclosed if any(roles[way] in _BORDER_ROLES for way, _ in chain)]
        without = self._join(known)
        if len(unclosed) > len(without[1]):
            return without
        odd = sorted({roles[way] for chain in closed for way, _ in chain} - _BORDER_ROLES)
        if odd:
            area.repairs[RepairKind.ROLE] = f"members of role {', '.join(odd)} are border"
        return closed, unclosed

    def _drop_copies(self, indices: Sequence[int]) -> list[int]:
        """Return the ways (index in `Ways`) without those that repeat all arcs of an earlier one."""
        by_arcs = {frozenset(self._arcs.get_arcs_of_ways(np.array([way])).tolist()): way for way in reversed(indices)}
        return sorted(by_arcs.values(), key=indices.index)

    def _join(self, members: list[int]) -> tuple[list[Chain], list[Chain]]:
        """Join ways to closed and open chains; where some stay open, try again without dead ends."""
        closed, unclosed = join_ways(members, self._first, self._last)
        if unclosed:
            kept = self._drop_dead_ends(members)
            if len(kept) == len(members):
                return closed, unclosed
            again, unclosed_again = join_ways(kept, self._first, self._last)
            if len(again) > len(closed):
                dead_ends = [[(way, False)] for way in sorted(set(members) - set(kept))]
                return again, unclosed_again + dead_ends
        return closed, unclosed

    def _join_distinct(
        self, members: list[int], area: Area, joined: tuple[list[Chain], list[Chain]]
    ) -> tuple[list[Chain], list[Chain]]:
        """Return `joined`, or the chains without ways that repeat the points of another, if that closes all rings."""
        fewer = self._drop_copies(members)
        if len(fewer) < len(members):
            closed, unclosed = self._join(fewer)
            if closed and not unclosed and not any(self._is_flat(chain) for chain in closed):
                area.repairs[RepairKind.REPEATED_MEMBER] = "some of its ways have the same points"
                return closed, unclosed
        return joined

    def _is_flat(self, chain: Chain) -> bool:
        return not len(self._collect_border([way for way, _ in chain]))

    def _drop_dead_ends(self, members: list[int]) -> list[int]:
        """Return the ways without those that end where no other way begins, as long as three ways meet somewhere."""
        kept = list(members)
        while True:
            ends = Counter([self._first[way] for way in kept])
            ends.update([self._last[way] for way in kept])
            if max(ends.values(), default=0) < 3:
                return kept
            fewer = [way for way in kept if ends[self._first[way]] > 1 and ends[self._last[way]] > 1]
            if len(fewer) == len(kept):
                return kept
            kept = fewer

    def _record_closed_gaps(self, closed: Sequence[Chain], area: Area) -> None:
        first, last = self._ways.first, self._ways.last
        for chain in closed:
            for (way, backwards), (following, turned) in zip(chain, [*chain[1:], chain[0]], strict=True):
                here = first[way] if backwards else last[way]
                there = last[following] if turned else first[following]
                if here != there:
                    area.repairs[RepairKind.RING_CLOSED] = f"nodes {here} and {there} are at one place"

    def _rings_touch(self, closed: Sequence[Chain]) -> bool:
        """Return whether closed chains touch, share sides or cross each other or themselves."""
        own = self._arcs.get_arcs_of_ways(np.array([way for chain in closed for way, _ in chain], dtype=np.int64))
        if any(len(chain) < 3 and self._count_points(chain) < 4 for chain in closed):
            return True  # a ring of one or two ways with fewer than four points runs back on the same segment
        passed = np.sort(self._arcs.ends[own].ravel())
        return bool((passed[2:] == passed[:-2]).any()) or self._has_crossing(own)

    def _count_points(self, chain: Chain) -> int:
        points: int = sum(self._sizes[way] - 1 for way, _ in chain) + 1
        return points

    def _has_crossing(self, arcs: Ints) -> bool:
        """Return whether two of the arcs cross, or touch elsewhere than at their ends."""
        crossed = set(arcs[self._crossed[arcs]].tolist())
        return any(not crossed.isdisjoint(self._crossing.get(arc, ())) for arc in crossed)

    def _collect_border(self, indices: Sequence[int]) -> Ints:
        """Return the arcs (numbers in `Arcs.canonical`) that occur an odd number of times in these ways."""
        arcs, count = np.unique(self._arcs.get_arcs_of_ways(np.array(indices, dtype=np.int64)), return_counts=True)
        odd: Ints = arcs[count % 2 == 1]
        return odd

    def _drop_orphans(self, closed: list[Chain], roles: dict[int, str], area: Area) -> list[Chain]:
        """Return the chains without holes whose outer ring is cut: by their position they would be outer rings."""
        kept = list(closed)
        while any(_is_inner(chain, roles) for chain in kept):
            rings = [Ring(chain) for chain in kept]
            _, depth = self._nest_rings(rings, self._points_inside(rings))
            fewer = [c for c, around in zip(kept, depth, strict=True) if around % 2 or not _is_inner(c, roles)]
            if len(fewer) == len(kept):
                break
            kept = fewer
        area.lost_holes = len(closed) - len(kept)
        return kept

    def _points_inside(self, rings: Sequence[Ring]) -> Floats:
        """Return one point inside each ring (on its border if it encloses nothing), as an array of shape (n, 2)."""
        lines = [ring.get_points(self._ways) for ring in rings]
        shells = np.array([shapely.Polygon(points if len(points) > 3 else None) for points in lines], dtype=object)
        broken = ~shapely.is_valid(shells)
        shells[broken] = shapely.make_valid(shells[broken], method="structure")
        probes = np.array([points[0] for points in lines])
        inside = shapely.area(shells) > 0
        probes[inside] = shapely.get_coordinates(shapely.point_on_surface(shells[inside]))
        return probes

    def _nest_rings(self, rings: Sequence[Ring], probes: Floats | None = None) -> tuple[list[list[Ring]], list[int]]:
        """Sort rings into polygons: each hole belongs to the innermost outer ring around it.

        Args:
            rings: the rings.
            probes: a point of each ring that is on no other ring, of shape (n, 2); None if rings do not touch.

        Returns:
            The polygons, and how many rings are around each ring.
        """
        if len(rings) == 1:
            return [[rings[0]]], [0]
        points = [ring.get_points(self._ways) for ring in rings]
        inner, outer = _find_inside(points, np.array([p[0] for p in points]) if probes is None else probes)
        depth = np.bincount(inner, minlength=len(rings)).tolist()
        parts = {number: [ring] for number, ring in enumerate(rings) if depth[number] % 2 == 0}
        for hole, around in zip(inner.tolist(), outer.tolist(), strict=True):
            if depth[hole] % 2 == 1 and depth[around] == depth[hole] - 1:
                parts[around].append(rings[hole])
        return list(parts.values()), depth

    def _compare_roles(self, rings: Sequence[Ring], depth: Sequence[int], roles: dict[int, str], area: Area) -> None:
        """Record in `area.repairs` that outer members make a hole, or inner members an outer ring."""
        if len(rings) == 1 and _INNER_ROLES.isdisjoint(roles.values()):
            return
        for ring, around in zip(rings, depth, strict=True):
            wrong = _OUTER_ROLES if around % 2 else _INNER_ROLES
            found = sorted({roles[way] for way, _ in ring.ways} & wrong)
            if found:
                place = "a hole" if around % 2 else "an outer ring"
                area.repairs[RepairKind.ROLE] = f"members of role {', '.join(found)} make {place}"

    def _crosses_antimeridian(self, chain: Chain) -> bool:
        jumping = not self._jumping.isdisjoint(way for way, _ in chain)
        return jumping and crosses_antimeridian(Ring(chain).get_points(self._ways))

    def _cut_at_antimeridian(self, closed: list[Chain], area: Area) -> None:
        closed = self._distinct_rings(closed, area)
        shape = cut_at_antimeridian(Ring(chain).get_points(self._ways) for chain in closed)
        if shape is None:
            area.problem = NO_AREA
            return
        area.shape, area.rebuilt = shape, True
        area.arcs = self._collect_border([way for chain in closed for way, _ in chain])

    def _make_valid(self, pending: _Touching) -> None:
        """Set the polygons of an area whose rings cross: nest rings by a point inside each, then make them valid."""
        area = pending.area
        rings = [Ring(chain) for chain in pending.closed if not self._is_flat(chain)]
        if not rings:
            area.problem = NO_AREA
            return
        parts, _ = self._nest_rings(rings, self._points_inside(rings))
        before = Area(parts).build_polygons(self._ways)
        area.arcs = pending.border
        if before.is_valid:
            area.shape = before
            return
        reason = shapely.is_valid_reason(before)
        after = extract_polygons(_mend_polygons(before))
        if after is None:
            area.problem = NO_AREA
            return
        if not after.is_valid:
            area.problem = f"its border crosses itself ({reason})"
            return
        area.shape, area.rebuilt = shapely.orient_polygons(after), True
        area.repairs[RepairKind.SELF_CROSSING] = f"{reason}: area {before.area:.6g} before, {after.area:.6g} after"

    def _record_border(self, relation: Relation, area: Area) -> None:
        """Record how the border of a relation was made, ring by ring, if `cosmogony explain` asks for the relation."""
        if self._decisions.is_recorded(relation.osm_id):
            for text in self._describe(area):
                self._decisions.record(relation.osm_id, "border", text)

    def _describe(self, area: Area) -> Iterator[str]:
        if area.missing:
            yield f"{area.missing} members are not in the extract"
        if area.open_rings:
            yield f"{area.open_rings} rings do not close, left out"
        if area.lost_holes:
            yield f"{area.lost_holes} holes whose outer ring is cut, left out"
        for repair, text in area.repairs.items():
            yield f"repaired ({repair}): {text}"
        for position, part in enumerate(area.parts, start=1):
            for number, ring in enumerate(part):
                kind = f"hole {number}" if number else "outer ring"
                size = abs(compute_signed_area(ring.get_points(self._ways)))
                yield f"polygon {position}, {kind}: {len(ring.ways)} ways, {size:.6g} square degrees"
        if area.shape is not None:
            by = "made valid or cut at the antimeridian" if area.rebuilt else "assembled from rings that touch"
            yield f"{len(area.shape.geoms)} polygons, {area.shape.area:.6g} square degrees, {by}"
        if area.problem:
            yield f"no polygon: {area.problem}"


@dataclass(slots=True)
class _Touching:
    """A relation whose rings touch or cross, before its polygons are made."""

    relation: Relation
    area: Area
    closed: list[Chain]
    ways: list[int]  # ways of the closed chains, as indices in `Ways`
    border: Ints  # arcs that occur an odd number of times in `ways`


def _mend_polygons(shape: shapely.MultiPolygon) -> shapely.Geometry:
    """Return a geometry of valid polygons: each repaired alone, or all together if they overlap then."""
    polygons = shapely.get_parts(shape)
    broken = ~shapely.is_valid(polygons)
    mended = shapely.make_valid(polygons[broken], method="structure", keep_collapsed=False)
    together = extract_polygons(shapely.GeometryCollection([*polygons[~broken], *mended]))
    if together is not None and together.is_valid:
        return together
    return shapely.make_valid(shape, method="structure", keep_collapsed=False)


def _is_inner(chain: Chain, roles: dict[int, str]) -> bool:
    return all(roles[way] in _INNER_ROLES for way, _ in chain)


def _find_inside(points: Sequence[Points], probes: Floats) -> tuple[Ints, Ints]:
    """Return the pairs (ring, ring around it), as two arrays of positions; `probes` has one point of each ring."""
    low = np.array([p.min(axis=0) for p in points])
    high = np.array([p.max(axis=0) for p in points])
    tree = build_box_tree(np.concatenate([low, high], axis=1))
    inner, outer = tree.query(shapely.points(probes))
    keep = (inner != outer) & np.all(low[outer] <= low[inner], axis=1) & np.all(high[outer] >= high[inner], axis=1)
    inner, outer = inner[keep], outer[keep]
    inside = np.zeros(len(inner), dtype=np.bool_)
    for ring in np.unique(outer).tolist():
        here = np.flatnonzero(outer == ring)
        shape = shapely.Polygon(points[ring])
        shapely.prepare(shape)
        inside[here] = shapely.contains_xy(shape, probes[inner[here], 0], probes[inner[here], 1])
    return inner[inside], outer[inside]
