# SPDX-License-Identifier: Apache-2.0
"""Shapes that cross the antimeridian or hold a pole, as world-atlas stitches them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from atlas_osm import antimeridian
from atlas_osm.errors import AtlasError

from .synthetic import assembled, read


def degrees(pieces):
    return [[(x / 1e7, y / 1e7) for x, y in piece] for piece in pieces]


def cut(*points):
    return degrees(antimeridian.cut_line([(round(x * 1e7), round(y * 1e7)) for x, y in points]))


def test_a_line_is_cut_where_it_crosses():
    assert cut((179, 10), (-179, 20)) == [[(179, 10), (180, 15)], [(-180, 15), (-179, 20)]]
    assert cut((-179, 20), (178, 17)) == [[(-179, 20), (-180, 19)], [(180, 19), (178, 17)]]


def test_a_line_that_ends_on_the_antimeridian_is_not_doubled():
    assert cut((179, 10), (-180, 10)) == [[(179, 10), (180, 10)]]
    assert cut((180, 10), (-179, 12)) == [[(-180, 10), (-179, 12)]]
    assert cut((179, 10), (-180, 11), (179, 12)) == [[(179, 10), (180, 11)], [(180, 11), (179, 12)]]


def test_an_ordinary_line_stays():
    assert cut((10, 0), (100, 5), (-70, 0)) == [[(10, 0), (100, 5), (-70, 0)]]


def test_a_land_on_both_sides(atlas, convert):
    """Like Russia: one ring, two polygons, closed along the antimeridian."""
    ring = atlas.arc((170, 60), (-170, 60), (-170, 70), (170, 70), (170, 60))
    atlas.area("643", "Both sides", [[ring]])
    path = convert(atlas)
    shape = assembled(path)["Both sides"]
    assert sorted(part.bounds for part in shape.geoms) == [(-180, 60, -170, 70), (170, 60, 180, 70)]
    assert shape.area == 200
    assert all(abs(a[0] - b[0]) <= 180 for way in read(path).ways for a, b in _segments(read(path).line(way)))


def _segments(line):
    return pairwise(line)


def test_an_island_and_a_lake_across(atlas, convert):
    """Like Fiji: an island on the antimeridian beside one that only touches it; and a hole across it."""
    island = atlas.arc((179, -18), (-179, -18), (-179, -16), (179, -16), (179, -18))
    lake = atlas.arc((179.5, -17.5), (179.5, -16.5), (-179.5, -16.5), (-179.5, -17.5), (179.5, -17.5))
    beside = atlas.arc((179, -15), (-180, -14), (179, -13), (179, -15))
    atlas.area("242", "Islands", [[island], [lake]], [[beside]])
    shape = assembled(convert(atlas))["Islands"]
    assert shape.area == pytest.approx(4 - 1 + 1)
    assert {part.bounds for part in shape.geoms} == {
        (179, -18, 180, -16),
        (-180, -18, -179, -16),
        (179, -15, 180, -13),
    }


def test_two_neighbours_across_share_what_they_shared(atlas, convert):
    border = atlas.arc((170, 65), (-170, 65))
    north = atlas.arc((-170, 65), (-170, 70), (170, 70), (170, 65))
    south = atlas.arc((170, 65), (170, 60), (-170, 60), (-170, 65))
    atlas.area("643", "North", [[border, north]])
    atlas.area("124", "South", [[south, ~border]])
    path = convert(atlas)
    written = read(path)
    shared = {way for way, _ in written.members("North")} & {way for way, _ in written.members("South")}
    assert sorted(written.line(way) for way in shared) == [[(-180, 65), (-170, 65)], [(170, 65), (180, 65)]]
    assert {name: shape.area for name, shape in assembled(path).items()} == {"North": 100, "South": 100}


def test_a_land_around_a_pole(atlas, convert):
    """Like Antarctica: its ring goes around the Earth once."""
    ring = atlas.arc((0, -70), (90, -70), (170, -60), (-170, -80), (-90, -70), (0, -70))
    atlas.area("010", "South", [[ring]])
    shape = assembled(convert(atlas))["South"]
    assert shape.bounds == (-180, -90, 180, -60)
    assert shape.area == pytest.approx(90 * 20 + 80 * 25 + 10 * 25 + 10 * 15 + 80 * 15 + 90 * 20)


def test_a_ring_that_is_open_elsewhere_is_refused(atlas, convert):
    atlas.area("056", "Open", [[atlas.arc((0, 0), (1, 0)), atlas.arc((1, 0), (1, 1))]])
    with pytest.raises(AtlasError, match=r"open at 0\.0 0\.0, which is not on the antimeridian"):
        convert(atlas)
