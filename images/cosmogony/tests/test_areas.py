# SPDX-License-Identifier: Apache-2.0
"""Assembling areas by the roles of the members, as the original does: broken input never ends a run."""

from __future__ import annotations

import numpy as np
import pytest
from cosmogony.geometry.areas import Area
from cosmogony.original.borders import assemble_area
from cosmogony.osm.reader import Relation, Ways


def ways(**lines: list[tuple[int, float, float]]) -> Ways:
    """Ways by name (w1, w2, ...); a point is its node number and its place."""
    numbers = [int(name[1:]) for name in lines]
    sizes = [len(line) for line in lines.values()]
    return Ways(
        {number: k for k, number in enumerate(numbers)},
        np.array([(x, y) for line in lines.values() for _, x, y in line], dtype=np.float64),
        np.concatenate([[0], np.cumsum(sizes)]),
        [line[0][0] for line in lines.values()],
        [line[-1][0] for line in lines.values()],
        set(),
    )


def relation(*members: tuple[int, str]) -> Relation:
    return Relation(1, {}, list(members), None, None, [])


A, B, C, D = (1, 0.0, 0.0), (2, 4.0, 0.0), (3, 4.0, 4.0), (4, 0.0, 4.0)
E, F, G, H = (5, 1.0, 1.0), (6, 2.0, 1.0), (7, 2.0, 2.0), (8, 1.0, 2.0)
SQUARE = {"w1": [A, B, C], "w2": [A, D, C]}
HOLE = {"w3": [E, F, G, H, E]}


def test_ways_are_turned_to_fit() -> None:
    area = assemble_area(relation((1, "outer"), (2, "outer")), ways(**SQUARE))
    shape = area.build_polygons(ways(**SQUARE))
    assert shape.area == 16
    assert shape.geoms[0].exterior.is_ccw
    assert len(shape.geoms[0].exterior.coords) == 5


@pytest.mark.parametrize("role", ["outer", "enclave", ""])
def test_roles_of_outer_rings(role: str) -> None:
    assert len(assemble_area(relation((1, role), (2, role)), ways(**SQUARE)).parts) == 1


def test_other_roles_do_not_count() -> None:
    area = assemble_area(relation((1, "outer"), (2, "outer"), (9, "subarea"), (9, "exclave")), ways(**SQUARE))
    assert (len(area.parts), area.missing) == (1, 0)


def test_a_hole_belongs_to_the_ring_around_it() -> None:
    lines = {**SQUARE, **HOLE, "w4": [(9, 10, 0), (10, 11, 0), (11, 11, 1), (9, 10, 0)]}
    area = assemble_area(relation((4, "outer"), (1, "outer"), (2, "outer"), (3, "inner")), ways(**lines))
    assert [len(part) for part in area.parts] == [1, 2]
    assert area.build_polygons(ways(**lines)).area == 15.5


def test_a_hole_outside_is_left_out_and_counted() -> None:
    lines = {**SQUARE, "w3": [(5, 8, 8), (6, 9, 8), (7, 9, 9), (5, 8, 8)]}
    area = assemble_area(relation((1, "outer"), (2, "outer"), (3, "inner")), ways(**lines))
    assert area.lost_holes == 1
    assert area.build_polygons(ways(**lines)).area == 16


def test_an_open_ring_is_left_out_and_the_closed_one_stays() -> None:
    lines = {"w1": [A, B, C], "w3": [E, F, G, H, E]}
    area = assemble_area(relation((1, "outer"), (2, "outer"), (3, "outer")), ways(**lines))
    assert (len(area.parts), area.open_rings, area.missing) == (1, 1, 1)


def test_a_ring_without_area_is_left_out() -> None:
    area = assemble_area(relation((1, "outer")), ways(w1=[A, B, A]))
    assert (area.parts, area.flat_rings) == ([], 1)


def test_a_relation_without_ways_has_no_area() -> None:
    assert assemble_area(relation(), ways(**SQUARE)) == Area()
