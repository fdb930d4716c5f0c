# SPDX-License-Identifier: Apache-2.0
"""Arcs become ways, shapes relations; libosmium assembles what was meant."""

from __future__ import annotations

from .synthetic import assembled, read

FIRST = 9_000_000_000_000


def two_neighbours(atlas) -> None:
    """Two squares; the border between them is one arc, which the second walks backwards."""
    border = atlas.arc((1, 0), (1, 0.4), (1, 1))
    west = atlas.arc((1, 1), (0, 1), (0, 0), (1, 0))
    east = atlas.arc((1, 0), (2, 0), (2, 1), (1, 1))
    atlas.area("056", "West", [[border, west]])
    atlas.area("250", "East", [[east, ~border]])


def test_an_arc_is_a_way_that_neighbours_share(atlas, convert):
    two_neighbours(atlas)
    path = convert(atlas)
    written = read(path)
    assert len(written.ways) == 3
    shared = {way for way, _ in written.members("West")} & {way for way, _ in written.members("East")}
    assert [written.line(way) for way in shared] == [[(1, 0), (1, 0.4), (1, 1)]]
    assert {name: shape.area for name, shape in assembled(path).items()} == {"West": 1, "East": 1}


def test_equal_places_are_one_node_and_numbers_are_out_of_reach(atlas, convert):
    two_neighbours(atlas)
    written = read(convert(atlas))
    assert len(written.nodes) == len(set(written.nodes.values())) == 7
    assert min([*written.nodes, *written.ways]) == FIRST
    assert {name: number for name, (number, _, _) in written.relations.items()} == {
        "West": FIRST + 56,
        "East": FIRST + 250,
    }


def test_tags_of_a_country(atlas, convert):
    two_neighbours(atlas)
    _, tags, _ = read(convert(atlas)).relations["West"]
    assert tags == {
        "type": "boundary",
        "boundary": "administrative",
        "admin_level": "2",
        "name": "West",
        "name:en": "West",
        "source": "made up",
        "ISO3166-1": "BE",
        "ISO3166-1:alpha2": "BE",
        "ISO3166-1:numeric": "056",
        "wikidata": "Q31",
    }


def test_holes_and_several_polygons(atlas, convert):
    shell = atlas.arc((0, 0), (4, 0), (4, 4), (0, 4), (0, 0))
    hole = atlas.arc((1, 1), (1, 2), (2, 2), (2, 1), (1, 1))
    island = atlas.arc((6, 0), (7, 0), (7, 1), (6, 1), (6, 0))
    atlas.area("380", "Around", [[shell], [hole]], [[island]])
    atlas.area("674", "Within", [[~hole]])
    path = convert(atlas)
    written = read(path)
    assert [role for _, role in written.members("Around")] == ["outer", "inner", "outer"]
    assert written.members("Within") == [(written.members("Around")[1][0], "outer")]
    areas = assembled(path)
    assert areas["Around"].area == 16
    assert [len(part.interiors) for part in areas["Around"].geoms] == [1, 0]
    assert areas["Within"].area == 1


def test_what_the_quantisation_made_flat_is_left_out(atlas, convert):
    square = atlas.arc((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    point = atlas.arc((5, 5), (5, 5), (5, 5))
    line = atlas.arc((6, 6), (7, 7), (6, 6))
    atlas.area("056", "One", [[square]], [[point]], [[line]])
    written = read(convert(atlas))
    assert len(written.members("One")) == len(written.ways) == 1


def test_two_polygons_of_one_shape_that_touch_have_no_border_between_them(atlas, convert):
    border = atlas.arc((1, 0), (1, 1))
    west = atlas.arc((1, 1), (0, 1), (0, 0), (1, 0))
    east = atlas.arc((1, 0), (2, 0), (2, 1), (1, 1))
    atlas.area("056", "One", [[border, west]], [[east, ~border]])
    path = convert(atlas)
    assert len(read(path).ways) == 2
    assert assembled(path)["One"].area == 2


def test_an_arc_that_a_merge_has_lost_is_found_again(atlas, convert):
    """In us-atlas an arc that a county walks there and back is missing in its state, and is a hole of the nation."""
    lost = atlas.arc((1, 0), (1, 0.1))
    rest = atlas.arc((1, 0.1), (1, 1), (0, 1), (0, 0), (1, 0))
    atlas.area("056", "State", [[rest]])
    around = atlas.arc((-1, -1), (2, -1), (2, 2), (-1, 2), (-1, -1))
    atlas.area("250", "Nation", [[around], [lost]])
    path = convert(atlas)
    assert [role for _, role in read(path).members("State")] == ["outer", "outer"]
    assert [role for _, role in read(path).members("Nation")] == ["outer"]
    assert {name: shape.area for name, shape in assembled(path).items()} == {"State": 1, "Nation": 9}


def test_a_border_that_is_walked_three_times_is_one(atlas, convert):
    spike = atlas.arc((1, 0), (1, 0.5))
    rest = atlas.arc((1, 0.5), (1, 1), (0, 1), (0, 0), (1, 0))
    atlas.area("056", "One", [[spike, ~spike, spike, rest]])
    path = convert(atlas)
    assert len(read(path).members("One")) == 2
    assert assembled(path)["One"].area == 1


def test_shapes_with_the_number_of_one_country_are_one_relation(atlas, convert):
    """In world-atlas Ashmore and Cartier Islands have the number of Australia."""
    reef = atlas.arc((5, 0), (6, 0), (6, 1), (5, 0))
    one = atlas.arc((0, 0), (1, 0), (1, 1), (0, 0))
    two = atlas.arc((2, 0), (3, 0), (3, 1), (2, 0))
    atlas.area("036", "Reef", [[reef]])
    atlas.area("036", "Land", [[one]], [[two]])
    path = convert(atlas)
    assert set(read(path).relations) == {"Australia"}
    assert assembled(path)["Australia"].area == 1.5


def test_territories_belong_to_the_united_states(atlas, convert):
    land = atlas.arc((0, 0), (1, 0), (1, 1), (0, 0))
    island = atlas.arc((2, 0), (3, 0), (3, 1), (2, 0))
    atlas.area("630", "Puerto Rico", [[island]])
    atlas.area("840", "United States of America", [[land]])
    path = convert(atlas)
    number, tags, members = read(path).relations["United States of America"]
    assert (number, tags["ISO3166-1:alpha2"], tags["wikidata"], len(members)) == (FIRST + 840, "US", "Q30", 2)
    assert len(read(path).relations) == 1


def test_a_shape_without_a_code_has_a_number_of_its_own(atlas, convert):
    one = atlas.arc((0, 0), (1, 0), (1, 1), (0, 0))
    two = atlas.arc((2, 0), (3, 0), (3, 1), (2, 0))
    atlas.area(None, "Nobody's", [[one]])
    atlas.area(None, "Kosovo", [[two]])
    relations = read(convert(atlas)).relations
    assert {name: number for name, (number, _, _) in relations.items()} == {
        "Nobody's": FIRST + 1000,
        "Kosovo": FIRST + 1001,
    }
    assert "ISO3166-1" not in relations["Nobody's"][1]
    assert relations["Kosovo"][1]["ISO3166-1:alpha2"] == "XK"


def test_nation_states_and_counties(atlas, convert):
    border = atlas.arc((1, 0), (1, 1))
    west = atlas.arc((1, 1), (0, 1), (0, 0), (1, 0))
    east = atlas.arc((1, 0), (2, 0), (2, 1), (1, 1))
    atlas.layer = "counties"
    atlas.area("01001", "Autauga", [[border, west]])
    atlas.area("01003", "Baldwin", [[east, ~border]])
    atlas.more = {
        "states": [{"type": "Polygon", "id": "01", "properties": {"name": "Alabama"}, "arcs": [[west, east]]}],
        "nation": [{"type": "Polygon", "arcs": [[west, east]]}],
    }
    path = convert(atlas, "united_states")
    relations = read(path).relations
    assert {name: (number, tags["admin_level"]) for name, (number, tags, _) in relations.items()} == {
        "United States of America": (FIRST + 840, "2"),
        "Alabama": (FIRST + 10_001, "4"),
        "Autauga": (FIRST + 101_001, "6"),
        "Baldwin": (FIRST + 101_003, "6"),
    }
    assert relations["Alabama"][1]["ISO3166-2"] == "US-AL"
    assert relations["Autauga"][1]["nist:fips_code"] == "01001"
    assert assembled(path)["Alabama"].area == 2


def test_the_same_atlas_gives_the_same_bytes(atlas, convert):
    two_neighbours(atlas)
    assert convert(atlas, name="a.osm.pbf").read_bytes() == convert(atlas, name="b.osm.pbf").read_bytes()


def test_the_header_says_of_which_day_the_data_is(atlas, convert):
    from cosmogony.osm.reader import read_data_timestamp

    two_neighbours(atlas)
    path = convert(atlas)
    assert read(path).timestamp == "2020-02-03T12:00:00Z"
    assert read_data_timestamp(path) == "2020-02-03T12:00:00Z"
