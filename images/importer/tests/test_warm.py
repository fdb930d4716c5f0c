# SPDX-License-Identifier: Apache-2.0
"""Tiles of an area above the zooms that are complete: stored where they are wanted, computed elsewhere."""

from __future__ import annotations

import json

import psycopg
import pytest
from cosmogony_importer.database import parallel
from cosmogony_importer.releases import catalog
from cosmogony_importer.tiles import area, batches
from cosmogony_importer.tiles.box import Box
from importer_support.helpers import Importer, Zones, features, grid, tile, tile_of
from services.connections import find_database


def schema_of(release: str) -> str:
    return "release_" + release.replace("-", "_")


def stored(db: psycopg.Connection, release: str) -> dict[tuple[int, int, int], bytes]:
    rows = db.execute(f"SELECT z, x, y, mvt FROM {schema_of(release)}.tiles").fetchall()
    return {(z, x, y): bytes(mvt) for z, x, y, mvt in rows}


@pytest.fixture
def live(importer: Importer, zones: Zones) -> str:
    """Two countries beside each other, zooms 0 to 5 complete."""
    far = grid(3, mark=" b", west=20.0, country="BB", first=100)
    release = importer.load(zones.write([*grid(4, mark=" a"), *far]))
    importer.run("tiles", "--release", release, "--max-zoom", 5)
    importer.run("publish")
    return release


def test_stores_only_tiles_in_the_box(importer: Importer, live: str, db: psycopg.Connection) -> None:
    before = stored(db, live)
    said = importer.run("tiles", "--min-zoom", 7, "--max-zoom", 9, "--bbox", "0.5,0.5,1.5,1.5")
    added = {at: mvt for at, mvt in stored(db, live).items() if at not in before}
    west, south, east, north = 0.5, 0.5, 1.5, 1.5
    wanted = set()
    for zoom in (7, 8, 9):
        (left, top), (right, bottom) = tile_of(west, north, zoom), tile_of(east, south, zoom)
        wanted |= {(zoom, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)}
    assert set(added) == wanted
    assert importer.output("made") == str(len(wanted))
    assert f"{len(wanted)} tiles to make" in said
    for (z, x, y), mvt in added.items():
        row = db.execute("SELECT cosmogony_catalog.compute_tile(%s, %s, %s, %s)", (schema_of(live), z, x, y)).fetchone()
        assert mvt == bytes(row[0])
    (listed,) = importer.list()
    assert (listed["stored_zoom"], listed["warmed_zoom"]) == (5, 9)
    assert listed["tiles_by_zoom"]["9"]["tiles"] == sum(z == 9 for z, _, _ in wanted)
    again = importer.run("tiles", "--min-zoom", 7, "--max-zoom", 9, "--bbox", "0.5,0.5,1.5,1.5")
    assert again.split(" INFO ")[1].startswith("0 tiles to make")
    assert importer.output("made") == "0"


def test_missing_tiles_are_computed(importer: Importer, live: str, db: psycopg.Connection) -> None:
    inside, beside = tile_of(1, 1, 8), tile_of(3.5, 3.5, 8)
    computed = tile(db, 8, *beside)
    importer.run("tiles", "--min-zoom", 8, "--max-zoom", 8, "--bbox", "0.9,0.9,1.1,1.1")
    db.execute(f"UPDATE {schema_of(live)}.tiles SET mvt = 'x' WHERE z = 8")
    for release in (live, None):
        assert tile(db, 8, *inside, release) == b"x"
        assert tile(db, 8, *beside, release) == computed
        assert len(features(tile(db, 7, *tile_of(1, 1, 7), release))) > 10  # below the warmed zoom, none stored
        assert len(features(tile(db, 12, *tile_of(1.5, 1.5, 12), release))) >= 2


def test_stores_tiles_of_a_country(importer: Importer, live: str, db: psycopg.Connection) -> None:
    before = set(stored(db, live))
    importer.run("tiles", "--max-zoom", 8, "--country", "bb")
    added = set(stored(db, live)) - before
    assert {z for z, _, _ in added} == {6, 7, 8}
    assert tile_of(21.5, 1.5, 8) in {(x, y) for z, x, y in added if z == 8}
    for z, x, _ in added:
        west, east = (360 * (column / 2**z - 0.5) for column in (x, x + 1))
        assert west < 23.5
        assert east > 19.5
    assert "has no zone in zooms 6 to 8 of CC; its countries are AA, BB" in importer.run(
        "tiles", "--min-zoom", 6, "--max-zoom", 8, "--country", "CC", code=1
    )
    assert "take another box" in importer.run("tiles", "--max-zoom", 8, "--bbox=-100,50,-90,60", code=1)
    both = importer.run("tiles", "--max-zoom", 9, "--country", "AA", "--bbox", "20,0,23,3", code=1)
    assert "of AA in the box" in both


def test_an_estimate_stores_nothing(importer: Importer, live: str, db: psycopg.Connection) -> None:
    before = stored(db, live)
    importer.run("tiles", "--max-zoom", 9, "--country", "AA", "--estimate", "true")
    expected = json.loads(importer.output("estimate"))
    assert (stored(db, live), importer.output("made")) == (before, "0")
    assert importer.list()[0]["warmed_zoom"] is None
    said = importer.run("tiles", "--max-zoom", 9, "--country", "AA", "--estimate=false")
    made = stored(db, live)
    assert expected["tiles"] == sum(expected["tiles_by_zoom"].values())
    assert 0.9 * expected["tiles"] <= len(made) - len(before) <= expected["tiles"]
    size = sum(len(mvt) for at, mvt in made.items() if at not in before)
    assert size / 2 < expected["bytes"] < size * 2
    assert expected["seconds"] > 0
    assert f"zoom 9: {expected['tiles_by_zoom']['9']} tiles" in said


def test_an_estimate_of_whole_zooms(importer: Importer, live: str, db: psycopg.Connection) -> None:
    importer.run("tiles", "--max-zoom", 8, "--estimate")
    expected = json.loads(importer.output("estimate"))["tiles"]
    assert importer.list()[0]["stored_zoom"] == 5
    importer.run("tiles", "--max-zoom", 8)
    assert importer.list()[0]["stored_zoom"] == 8
    assert int(importer.output("made")) == pytest.approx(expected, rel=0.3)


def test_blank_fields_of_a_form(importer: Importer, live: str) -> None:
    said = importer.run("tiles", "--release=", "--min-zoom=", "--max-zoom=6", "--bbox=", "--country= ", "--estimate=")
    assert f"release {live}: " in said
    assert importer.list()[0]["stored_zoom"] == 6


def test_tiles_without_live_release_fail(importer: Importer, zones: Zones) -> None:
    importer.load(zones.grid())
    assert "no release is live yet" in importer.run("tiles", "--max-zoom", 5, code=1)


def test_low_zooms_include_stored_areas(importer: Importer, live: str, db: psycopg.Connection) -> None:
    """What was stored of a zoom is kept when all of it is stored."""
    importer.run("tiles", "--max-zoom", 8, "--country", "AA")
    importer.run("tiles", "--max-zoom", 8)
    assert importer.list()[0]["stored_zoom"] == 8
    assert (8, *tile_of(21.5, 1.5, 8)) in stored(db, live)
    assert "nothing to do" in importer.run("tiles", "--max-zoom", 8, "--country", "AA")
    assert importer.output("made") == "0"


def test_higher_zooms_alone_are_not_complete(importer: Importer, live: str, db: psycopg.Connection) -> None:
    importer.run("tiles", "--min-zoom", 7, "--max-zoom", 7)
    (listed,) = importer.list()
    assert (listed["stored_zoom"], listed["warmed_zoom"]) == (5, 7)
    assert {z for z, _, _ in stored(db, live)} == {0, 1, 2, 3, 4, 5, 7}
    assert len(features(tile(db, 6, *tile_of(1, 1, 6)))) > 10


def test_stores_box_across_the_antimeridian(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    east = grid(2, west=177.8)
    west = grid(2, west=-179.8, first=100)
    release = importer.load(zones.write([*east, *west]))
    importer.run("tiles", "--release", release, "--min-zoom", 6, "--max-zoom", 8, "--bbox", "179,0.5,-179,1.5")
    columns = {x for z, x, _ in stored(db, release) if z == 8}
    assert columns == {255, 0}


def test_killed_run_is_continued(
    importer: Importer, live: str, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was stored is served and not made again."""
    monkeypatch.setattr(batches, "BATCH", 4)
    before = len(stored(db, live))
    real = parallel.run_workers

    def cut(settings, loop, jobs):
        def shortened(connection, stop):
            class Few:
                left = 3

                def is_set(self) -> bool:
                    self.left -= 1
                    if self.left < 0:
                        raise psycopg.OperationalError("the network is gone")
                    return stop.is_set()

            loop(connection, Few())

        real(settings, shortened, 1)

    with monkeypatch.context() as broken:
        broken.setattr(parallel, "run_workers", cut)
        importer.run("tiles", "--max-zoom", 9, "--country", "AA", code=75)
    done = len(stored(db, live)) - before
    assert 0 < done <= 12
    assert len(features(tile(db, 9, *tile_of(1.02, 1.02, 9)))) >= 2
    said = importer.run("tiles", "--max-zoom", 9, "--country", "AA")
    left = int(said.split(" tiles to make")[0].split(" INFO ", 1)[1])
    assert int(importer.output("made")) == len(stored(db, live)) - before - done
    assert left + done <= len(stored(db, live)) - before + done + 4
    assert importer.list()[0]["warmed_zoom"] == 9


@pytest.mark.parametrize(
    "wrong",
    [["--min-zoom", 9, "--max-zoom", 7, "--country", "AA"], ["--min-zoom", 6, "--max-zoom", 15, "--country", "AA"]],
)
def test_refuses_zooms_beyond_the_limit(importer: Importer, live: str, wrong: list[object]) -> None:
    assert "use 0 to 14" in importer.run("tiles", *wrong, code=2)


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,x", "0,5,1,5", "0,6,1,5", "-181,0,1,1", "0,0,1,91", "3,0,3,1", "nan,0,1,1"]
)
def test_refuses_invalid_boxes(text: str) -> None:
    with pytest.raises(ValueError, match="is not a box"):
        Box.parse(text)


def test_stores_tiles_of_an_adopted_database(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    """It has no countries and no tables for low zooms; a box works anyway."""
    db.execute(
        "CREATE TABLE public.zones (id bigint PRIMARY KEY, parent bigint, name varchar, admin_level int, "
        "zone_type varchar, osm_id varchar, wikidata varchar, geometry geometry); INSERT INTO zones VALUES (1, NULL, "
        "'Old', 2, 'country', 'relation:1', NULL, ST_Transform(ST_MakeEnvelope(0, 0, 4, 4, 4326), 3857))"
    )
    importer.load(zones.grid(mark=" a"))
    importer.run("publish")
    importer.run("tiles", "--release", "legacy", "--min-zoom", 7, "--max-zoom", 8, "--bbox", "1,1,2,2")
    assert int(importer.output("made")) > 0
    assert "countries are not known" in importer.run(
        "tiles", "--release", "legacy", "--max-zoom", 8, "--country", "AA", code=1
    )


def test_repeated_selection_stores_nothing(importer: Importer, live: str) -> None:
    with importer.connect() as own:
        release = catalog.get_release(own, live)
        expected = area.store_selected_tiles(find_database(), own, release, area.TileSelection(6, 7), 1)
        assert expected.by_zoom.keys() == {6, 7}
        assert area.store_selected_tiles(find_database(), own, release, area.TileSelection(6, 7), 2).tiles == 0
