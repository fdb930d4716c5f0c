# SPDX-License-Identifier: Apache-2.0
"""Shared borders decide like the full geometric predicate, for borders of every kind."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from cosmogony.decisions import Decisions
from cosmogony.geometry import topology
from cosmogony.geometry.areas import Area
from cosmogony.geometry.borders import AreaAssembler
from cosmogony.hierarchy import inclusion
from cosmogony.original.borders import assemble_area
from cosmogony.osm.reader import Relation, Ways
from cosmogony.zones.builder import collect_rings, measure_and_orient_rings
from cosmogony.zones.zone import Zone
from extractor_support.world import block, border
from hypothesis import given, settings
from hypothesis import strategies as st

Points = list[tuple[int, int]]


def ways_of(lines: list[Points]) -> Ways:
    """Ways on whole points; the node is the place."""
    points = np.array([p for line in lines for p in line], dtype=np.float64) * 1e-3
    start = np.concatenate([[0], np.cumsum([len(line) for line in lines])])
    node = {p: k for k, p in enumerate(sorted({p for line in lines for p in line}))}
    return Ways(
        dict(enumerate(range(len(lines)))),
        points,
        start,
        [node[line[0]] for line in lines],
        [node[line[-1]] for line in lines],
        set(),
    )


def zones_of(ways: Ways, relations: list[list[int]], arcs: topology.Arcs | None) -> list[Zone]:
    """Zones of relations; by the roles as in the original without arcs."""
    made = [
        Relation(number, {}, [(k, "outer") for k in members], None, None, [])
        for number, members in enumerate(relations)
    ]
    if arcs is None:
        areas = [assemble_area(relation, ways) for relation in made]
    else:
        borders = AreaAssembler(ways, arcs, Decisions())
        areas = [borders.assemble_area(relation) for relation in made]
        borders.assemble_touching_areas()
    return [zone_of(k, area, ways) for k, area in enumerate(area for area in areas if area.has_polygons)]


def zone_of(number: int, area: Area, ways: Ways) -> Zone:
    found = measure_and_orient_rings(collect_rings(area, ways), area)
    return Zone(number, f"relation:{number}", str(number), {}, area=area, box=found.box, size=found.size)


def check(ways: Ways, relations: list[list[int]]) -> inclusion.ContainingZones:
    """Compare with what GEOS says of every pair of valid zones; all are valid when rings are sorted by their place."""
    arcs = topology.build_arcs(ways)
    corrected = zones_of(ways, relations, arcs)
    assert all(zone.build_geometry(ways).is_valid for zone in corrected)
    compare(corrected, ways, arcs)
    return compare(zones_of(ways, relations, None), ways, arcs)


def compare(zones: list[Zone], ways: Ways, arcs: topology.Arcs) -> inclusion.ContainingZones:
    found = inclusion.find_containing_zones(zones, ways, arcs)
    shapes = [zone.build_geometry(ways) for zone in zones]
    for b in range(len(zones)):
        for a in range(len(zones)):
            if a != b and shapes[a].is_valid and shapes[b].is_valid:
                assert (a in found.containers[b]) == bool(shapely.covers(shapes[a], shapes[b])), (a, b)
    return found


def rings(points: list[Points]) -> Ways:
    return ways_of([[*line, line[0]] for line in points])


CELLS = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(CELLS, min_size=2, max_size=5))
def test_areas_on_a_grid(areas: list[set[tuple[int, int]]]) -> None:
    # no crossings at all, but every kind of shared border, holes and corners that touch
    edges = sorted({edge for cells in areas for edge in border(cells)})
    number = {edge: k for k, edge in enumerate(edges)}
    ways = ways_of([list(edge) for edge in edges])
    check(ways, [[number[edge] for edge in sorted(border(cells))] for cells in areas])


TRIANGLE = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=3, unique=True).filter(
    lambda p: (p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) != (p[2][0] - p[0][0]) * (p[1][1] - p[0][1])
)


@settings(max_examples=150, deadline=None)
@given(st.lists(TRIANGLE, min_size=2, max_size=6))
def test_finds_triangles_that_cross_and_touch(triangles: list[Points]) -> None:
    check(rings(triangles), [[k] for k in range(len(triangles))])


@settings(max_examples=80, deadline=None)
@given(st.lists(TRIANGLE, min_size=2, max_size=5))
def test_one_way_per_side(triangles: list[Points]) -> None:
    # the same border may be there twice, as two ways over the same nodes
    lines = [list(side) for t in triangles for side in pairwise([*t, t[0]])]
    check(ways_of(lines), [[3 * k, 3 * k + 1, 3 * k + 2] for k in range(len(triangles))])


def test_pairs_with_clean_borders_need_no_full_test() -> None:
    big, small = border(block(0, 0, 6, 6)), border(block(0, 0, 3, 3))
    edges = sorted(big | small)
    ways = ways_of([list(edge) for edge in edges])
    found = check(ways, [[edges.index(e) for e in sorted(cells)] for cells in (big, small)])
    assert found.containers == [[], [0]]
    assert (found.pairs, found.exact) == (1, 0)


def test_crossing_borders_get_the_full_test() -> None:
    square = [(0, 0), (9, 0), (9, 9), (0, 9)]
    poking = [(1, 1), (8, 1), (8, 9), (5, 8), (1, 9)]  # its corners lie on the border without a common node
    over = [(1, 1), (9, 3), (8, 9), (1, 8)]
    found = check(rings([square, poking, over]), [[0], [1], [2]])
    assert found.exact > 0


def test_an_enclave_is_not_inside() -> None:
    ring = block(0, 0, 5, 5) - block(2, 2, 3, 3)
    edges = sorted(border(ring) | border(block(2, 2, 3, 3)))
    ways = ways_of([list(edge) for edge in edges])
    outer = [edges.index(e) for e in sorted(border(block(0, 0, 5, 5)))]
    hole = [edges.index(e) for e in sorted(border(block(2, 2, 3, 3)))]
    area = assemble_area(
        Relation(1, {}, [*((k, "outer") for k in outer), *((k, "inner") for k in hole)], None, None, []), ways
    )
    zones = []
    for number, made in enumerate(
        (area, assemble_area(Relation(2, {}, [(k, "outer") for k in hole], None, None, []), ways))
    ):
        zones.append(zone_of(number, made, ways))
    assert inclusion.find_containing_zones(zones, ways, topology.build_arcs(ways)).containers == [[], []]


def test_a_long_way_that_crosses_itself_is_found() -> None:
    line = [(k, 0) for k in range(60)] + [(30, 9), (30, -9), (0, -9)]
    crossings = topology.build_arcs(ways_of([[*line, line[0]]])).crossings
    assert len(crossings) > 0
