# SPDX-License-Identifier: Apache-2.0
"""Tiles: layer, ids and properties as always; shared borders stay shared; stored ones are the computed ones."""

from __future__ import annotations

import threading

import psycopg
import pytest
import shapely
import shapely.geometry
from cosmogony_importer.load import bands
from cosmogony_importer.tiles import batches, low_zooms
from importer_support.helpers import Importer, Zones, features, grid, square, tile, tile_of, zone
from services.connections import find_database


def publish(importer: Importer, path) -> str:
    release = importer.load(path)
    importer.run("publish")
    return release


def shapes(found: dict) -> dict[int, shapely.Geometry]:
    return {id_: shapely.geometry.shape(feature["geometry"]) for id_, feature in found.items()}


def test_layer_ids_and_properties(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    some = [
        zone(0, "Land", "country", 2, square(0, 0, 10, 10)),
        zone(7, "Größe", "suburb", None, square(2, 2, 4, 4), parent=0),
        zone(9, None, "city", 8, square(5, 5, 8, 8), parent=0),
    ]
    publish(importer, zones.write(some))
    found = features(tile(db, 3, 4, 3))
    assert {id_: feature["properties"] for id_, feature in found.items()} == {
        0: {"name": "Land", "admin_level": 2, "zone_type": "country"},
        7: {"name": "Größe", "zone_type": "suburb"},
        9: {"admin_level": 8, "zone_type": "city"},
    }
    # the example of the contract: x 0 to 912, y 4096 to 3184 on the half-pixel grid of the original
    west, north, east, south = shapes(found)[0].bounds
    assert (west, south) == (-160, 4096 + 160) or (west, south) == (0, 4096)
    assert abs(east - 912) <= 8
    assert abs(north - 3184) <= 8


def test_rings_have_the_required_orientation(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    holed = {
        "type": "Polygon",
        "coordinates": [[[0, 0], [0, 9], [9, 9], [9, 0], [0, 0]], [[3, 3], [6, 3], [6, 6], [3, 6], [3, 3]]],
    }
    publish(importer, zones.write([zone(1, "Ring", "country", 2, holed)]))
    shell, hole = features(tile(db, 4, 8, 7))[1]["geometry"]["coordinates"]
    assert shapely.LinearRing(shell).is_ccw  # clockwise on a screen, where y points down
    assert not shapely.LinearRing(hole).is_ccw


@pytest.mark.parametrize(
    ("z", "x", "y"),
    [
        (-1, 0, 0),
        (21, 0, 0),
        (3, 8, 0),
        (3, 0, 8),
        (3, -1, 0),
        (3, 0, -1),
        (0, 1, 0),
        (30, 5, 5),
        (2**31 - 1, 2**31 - 1, 2**31 - 1),
        (3, 0, 0),
    ],
)
def test_tiles_outside_the_grid_are_empty(
    importer: Importer, zones: Zones, db: psycopg.Connection, z: int, x: int, y: int
) -> None:
    publish(importer, zones.grid())
    assert tile(db, z, x, y) is None
    assert db.execute("SELECT public.cosmogony(NULL, 0, 0, '{}'), public.cosmogony(0, NULL, 0, NULL)").fetchone() == (
        None,
        None,
    )


def test_query_selects_the_release(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    assert tile(db, 3, 4, 3) is None if importer.run("init") else False
    first = publish(importer, zones.grid("a.jsonl.gz", mark=" a"))
    second = publish(importer, zones.grid("b.jsonl.gz", mark=" b"))
    third = importer.load(zones.grid("c.jsonl.gz", mark=" c"))

    def mark(release: str | None) -> set[str]:
        return {feature["properties"]["name"][-1] for feature in features(tile(db, 5, 16, 15, release)).values()}

    assert (mark(first), mark(second), mark(third), mark(None)) == ({"a"}, {"b"}, {"c"}, {"b"})
    importer.run("rollback")
    assert (mark(first), mark(second), mark(None)) == ({"a"}, {"b"}, {"a"})
    for nonsense in ("x", "'; DROP SCHEMA public --", "../..", "release_x", first.upper(), "0", "null"):
        assert tile(db, 5, 16, 15, nonsense) is None
    assert db.execute("SELECT public.cosmogony(5, 16, 15, '[1]') IS NOT NULL").fetchone() == (True,)
    importer.run("clean", "--keep", 1)
    assert mark(second) == set()


def test_incomplete_load_is_not_served(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = importer.load(zones.grid())
    db.execute("UPDATE cosmogony_catalog.releases SET state = 'loading' WHERE id = %s", (release,))
    assert tile(db, 5, 16, 15, release) is None


def test_tiles_of_a_dropped_schema_are_empty(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = importer.load(zones.grid())
    db.execute(f"DROP SCHEMA release_{release.replace('-', '_')} CASCADE")
    assert tile(db, 5, 16, 15, release) is None


def test_low_zooms_leave_out_small_zones(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    tiny = zone(900, "Tiny land", "country", 2, square(50, 0, 50.05, 0.05))
    publish(importer, zones.write([*grid(4), *grid(3, west=10, step=0.01, country="BB", first=100)[1:], tiny]))
    for zoom in range(15):
        names = {
            feature["properties"]["name"]
            for x, y in {tile_of(2, 2, zoom), tile_of(50.01, 0.01, zoom)}
            for feature in features(tile(db, zoom, x, y)).values()
        }
        assert "Land" in names
        assert ("Tiny land" in names) == (zoom >= 1)  # countries always, unless they round to nothing
    small = [
        bool({id_ for id_ in features(tile(db, zoom, *tile_of(10.015, 0.015, zoom))) if 100 < id_ < 900})
        for zoom in range(15)
    ]
    first = small.index(True)
    assert small == [False] * first + [True] * (15 - first)
    size = 0.01 * 40075016.7 / 360
    assert size / (bands.PIXEL / 2**first) == pytest.approx(bands.MIN_SIZE * 1.5, rel=0.5)
    cities = [sum(0 < id_ < 20 for id_ in features(tile(db, zoom, *tile_of(2, 2, zoom)))) for zoom in range(8)]
    assert cities[0] == 0
    assert max(cities) == 16


def band(db: psycopg.Connection, release: str, zoom: int) -> dict[int, shapely.Geometry]:
    table = f"release_{release.replace('-', '_')}.zones_z{zoom}"
    rows = db.execute(f"SELECT id, ST_AsBinary(geometry) FROM {table}").fetchall()
    return {id_: shapely.from_wkb(bytes(wkb)) for id_, wkb in rows}


def multipolygon(*polygons: list) -> dict:
    return {"type": "MultiPolygon", "coordinates": [part for one in polygons for part in one["coordinates"]]}


def specks(count: int, west: float, south: float) -> list[dict]:
    """Islands of a kilometre, the last one a little bigger."""
    places = [(west + n % 25 * 0.1, south + n // 25 * 0.1) for n in range(count)]
    return [square(x, y, x + (0.011 if (x, y) == places[-1] else 0.01), y + 0.01) for x, y in places]


def test_low_zooms_leave_out_small_islands(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    coast = multipolygon(square(0, 0, 10, 10), square(12, 0, 14, 2), *specks(500, 20, 0))
    atoll = multipolygon(*specks(30, -40, 5))
    release = publish(
        importer, zones.write([zone(1, "Coast", "country", 2, coast), zone(2, "Atoll", "country", 2, atoll)])
    )
    parts = {zoom: {id_: len(shape.geoms) for id_, shape in band(db, release, zoom).items()} for zoom in bands.BANDS}
    assert parts[0] == {1: 2, 2: 1}
    assert parts[4] == {1: 2, 2: 1}
    assert parts[12] == {1: 502, 2: 30}
    bounds = band(db, release, 0)[2].bounds
    assert (bounds[2] - bounds[0]) / 40075016.7 * 360 == pytest.approx(0.011)  # the largest stays
    found = shapes(features(tile(db, 0, 0, 0)))
    assert set(found) == {1}  # the atoll is a part of a pixel
    assert len(found[1].geoms) == 2
    assert 2 in features(tile(db, 10, *tile_of(-37.595, 5.105, 10)))


def test_low_zooms_leave_out_small_empty_holes(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    def ring(west: float, south: float, size: float) -> list:
        return square(west, south, west + size, south + size)["coordinates"][0][0]

    enclave, lake, exclave = ring(2, 2, 0.1), ring(4, 4, 0.1), ring(14, 4, 0.1)
    around = {"type": "Polygon", "coordinates": [ring(0, 0, 10), enclave, lake]}
    beside = {"type": "Polygon", "coordinates": [ring(10, 0, 10), exclave]}
    both = {"type": "MultiPolygon", "coordinates": [around["coordinates"], [exclave]]}
    inside = {"type": "Polygon", "coordinates": [enclave]}
    release = publish(
        importer,
        zones.write(
            [
                zone(1, "Around", "country", 2, both),
                zone(2, "Inside", "country", 2, inside),
                zone(3, "Beside", "country", 2, beside),
            ]
        ),
    )
    for zoom in bands.BANDS:
        found = band(db, release, zoom)
        assert sorted(len(part.interiors) for part in found[1].geoms) == ([0, 2] if zoom >= 4 else [0, 1]), zoom
        assert [len(part.interiors) for part in found[3].geoms] == [1]
        assert overlaps_and_gaps(found)[0] == pytest.approx(0, abs=1)
        holes = overlaps_and_gaps(found)[1]
        assert (holes > 1) == (zoom >= 4), zoom  # the lake only
    for zoom in range(3):
        assert overlaps_and_gaps(shapes(features(tile(db, zoom, *tile_of(3, 3, zoom))))) == (0, 0)


def test_geometry_is_computed_once_per_tile(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = publish(importer, zones.grid())
    with db.transaction():
        db.execute("SET LOCAL track_functions = 'all'")
        assert len(features(tile(db, 5, 16, 15, release))) == 17
        calls = db.execute("SELECT calls FROM pg_stat_xact_user_functions WHERE funcname = 'tile_geometry'").fetchone()
    assert calls == (17,)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        (["(0 0, 100 0, 100 100, 0 100, 0 0)", "(200 200, 200.4 200.1, 200.2 220, 200 200)"], [10000]),
        (["(0 0, 100 0, 100 100, 0 100, 0 0)", "(100.3 20, 120 20, 120 40, 100.3 40, 100.3 20)"], [10400]),
        (
            ["(0 0, 100 0, 100 100, 0 100, 0 0)", "(100.3 100.3, 120 100.3, 120 120, 100.3 120, 100.3 100.3)"],
            [10000, 400],
        ),
        (["(0 0, 50 49.6, 100 0, 100 100, 50 50.4, 0 100, 0 0)"], [2500, 2500]),
        (["(0 0, 0.3 0, 0.3 50, 0 50, 0 0)"], None),
    ],
    ids=["a part collapses", "two parts meet", "two corners meet", "a neck closes", "nothing is left"],
)
def test_rounding_leaves_a_valid_geometry(
    importer: Importer, db: psycopg.Connection, parts: list[str], wanted: list[float] | None
) -> None:
    importer.run("init")
    text = f"MULTIPOLYGON({', '.join(f'({part})' for part in parts)})"
    (wkb,) = db.execute(
        "SELECT ST_AsBinary(cosmogony_catalog.tile_geometry(ST_GeomFromText(%s, 3857), 0, 4096, 4096))", (text,)
    ).fetchone()
    if wanted is None:
        assert wkb is None
        return
    shape = shapely.from_wkb(bytes(wkb))
    assert shapely.is_valid(shape)
    assert sorted(part.area for part in shape.geoms) == sorted(wanted)


def overlaps_and_gaps(found: dict[int, shapely.Geometry]) -> tuple[float, float]:
    """Areas, in tile units, that two cities cover, and holes between cities."""
    cities = list(found.values())
    union = shapely.union_all(cities)
    overlap = sum(shape.area for shape in cities) - union.area
    holes = sum(shapely.Polygon(ring).area for part in getattr(union, "geoms", [union]) for ring in part.interiors)
    return overlap, holes


@pytest.mark.parametrize("chunk", [bands.MAX_VERTICES, 700])
def test_shared_borders_stay_shared(
    importer: Importer, zones: Zones, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """No gap and no overlap between neighbours at any zoom, also where they were simplified apart from each other."""
    monkeypatch.setattr(bands.create_band_tables, "__defaults__", (0, chunk))
    publish(importer, zones.grid(size=6, points=60, south=47.0))
    seen = 0
    for zoom in range(3, 15):
        for longitude, latitude in ((3.02, 50.02), (1.5, 49.03), (4.98, 51.5)):
            found = shapes(features(tile(db, zoom, *tile_of(longitude, latitude, zoom))))
            found.pop(0, None)
            assert all(shapely.is_valid(shape) for shape in found.values())
            seen = max(seen, len(found))
            assert overlaps_and_gaps(found) == (0, 0), f"zoom {zoom}"
    assert seen == 36


def test_bands_are_coverages(
    importer: Importer, zones: Zones, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bands.create_band_tables, "__defaults__", (0, 500))
    release = importer.load(zones.grid(size=6, points=80))
    vertices = {}
    for zoom in bands.BANDS:
        table = f"release_{release.replace('-', '_')}.zones_z{zoom}"
        invalid, vertices[zoom] = db.execute(
            f"SELECT count(edges) FILTER (WHERE NOT ST_IsEmpty(edges)), sum(n) FROM (SELECT ST_NPoints(geometry) AS n, "
            f"ST_CoverageInvalidEdges(geometry) OVER () AS edges FROM {table} WHERE id > 0) AS found"
        ).fetchone()
        assert invalid == 0, f"zoom {zoom}"
    assert vertices[6] < vertices[8] < vertices[12]


def test_stored_tiles_are_the_computed_ones(
    importer: Importer, zones: Zones, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    release = importer.load(zones.grid(size=5, south=40.0))
    schema = "release_" + release.replace("-", "_")
    monkeypatch.setenv("ARGO_PROGRESS_FILE", str(tmp_path / "progress"))
    importer.run("tiles", "--release", release, "--max-zoom", 7, "--jobs", 3)
    everything = {
        (z, x, y): bytes(mvt)
        for z, x, y, mvt in db.execute(
            "SELECT z, x, y, cosmogony_catalog.compute_tile(%s, z, x, y) FROM generate_series(0, 7) AS z, LATERAL "
            "generate_series(0, (1 << z) - 1) AS x, LATERAL generate_series(0, (1 << z) - 1) AS y "
            "WHERE cosmogony_catalog.compute_tile(%s, z, x, y) IS NOT NULL",
            (schema, schema),
        ).fetchall()
    }
    stored = {row[:3]: bytes(row[3]) for row in db.execute(f"SELECT z, x, y, mvt FROM {schema}.tiles").fetchall()}
    assert stored == everything
    assert importer.output("tiles") == str(len(stored))
    assert db.execute(f"SELECT to_regclass('{schema}.tile_batches')").fetchone() == (None,)
    done, total = (tmp_path / "progress").read_text().split("/")
    assert int(done) == int(total) >= len(stored)
    assert importer.list()[0]["stored_zoom"] == 7
    assert importer.list()[0]["tiles_by_zoom"]["0"]["tiles"] == 1
    for (z, x, y), mvt in stored.items():
        assert tile(db, z, x, y, release) == mvt


def test_plans_touched_tiles_only(importer: Importer, zones: Zones) -> None:
    release = importer.load(zones.grid(size=2))
    said = importer.run("tiles", "--release", release, "--max-zoom", 10)
    walked = int(said.split(" tiles to make")[0].rsplit(" ", 1)[-1])
    stored = int(importer.output("tiles"))
    assert stored <= walked <= 1.3 * stored + 11


def test_a_stored_zoom_comes_from_the_table_only(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    release = importer.load(zones.grid())
    schema = "release_" + release.replace("-", "_")
    importer.run("tiles", "--release", release, "--max-zoom", 5)
    db.execute(f"UPDATE {schema}.tiles SET mvt = 'x'; DELETE FROM {schema}.tiles WHERE z = 4")
    assert tile(db, 5, 16, 15, release) == b"x"
    assert tile(db, 4, 8, 7, release) is None
    assert len(features(tile(db, 6, 32, 31, release))) == 17


def test_interrupted_tiles_are_continued(
    importer: Importer, zones: Zones, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = importer.load(zones.grid(size=5))
    monkeypatch.setattr(batches, "BATCH", 4)
    made, real = [], low_zooms._make_batch

    def failing(connection, release_):
        if len(made) == 5:
            raise psycopg.OperationalError("the network is gone")
        made.append(real(connection, release_))
        return made[-1]

    monkeypatch.setattr(low_zooms, "_make_batch", failing)
    importer.run("tiles", "--release", release, "--max-zoom", 8, "--jobs", 1, code=75)
    assert importer.list()[0]["stored_zoom"] is None
    assert len(features(tile(db, 6, 32, 31, release))) == 26  # computed meanwhile
    monkeypatch.setattr(low_zooms, "_make_batch", real)
    said = importer.run("tiles", "--release", release, "--max-zoom", 8)
    assert f"{sum(made)} of them done before" in said
    assert importer.list()[0]["stored_zoom"] == 8
    assert "nothing to do" in importer.run("tiles", "--release", release, "--max-zoom", 8)


def test_two_runs_share_the_work(
    importer: Importer, zones: Zones, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH", 2)
    release_id = importer.load(zones.grid(size=5))
    found = []

    def work() -> None:
        with importer.connect() as own:
            release = tiles_release(own, release_id)
            found.append(low_zooms.store_low_zoom_tiles(find_database(), own, release, 7, 1))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(found) == 2
    assert found[0] == found[1]
    assert importer.list()[0]["stored_zoom"] == 7


def test_a_run_that_another_has_overtaken_makes_nothing(
    importer: Importer, zones: Zones, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = tiles_release(db, importer.load(zones.grid(size=5)))
    first = low_zooms.store_low_zoom_tiles(find_database(), db, release, 7, 1)
    monkeypatch.delattr(low_zooms, "_make_batch")
    with importer.connect() as own:
        assert low_zooms.store_low_zoom_tiles(find_database(), own, release, 7, 1) == first
    assert db.execute("SELECT to_regclass(%s)", (f"{release.schema_name}.tile_batches",)).fetchone() == (None,)


def test_a_run_also_ends_the_higher_zooms_that_another_has_planned(
    importer: Importer, zones: Zones, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = tiles_release(db, importer.load(zones.grid(size=5)))
    real = low_zooms._run_workers
    runs = []

    def run_workers(*arguments) -> None:
        real(*arguments)
        runs.append(arguments)
        if len(runs) == 1:
            with importer.connect() as other:
                low_zooms._plan_tiles(other, release, 7)

    monkeypatch.setattr(low_zooms, "_run_workers", run_workers)
    low_zooms.store_low_zoom_tiles(find_database(), db, release, 5, 1)
    assert len(runs) == 2
    assert importer.list()[0]["stored_zoom"] == 7
    assert "nothing to do" in importer.run("tiles", "--release", release.id, "--max-zoom", 7)


def tiles_release(connection: psycopg.Connection, release_id: str):
    from cosmogony_importer.releases import catalog

    return catalog.get_release(connection, release_id)


def test_refuses_zooms_beyond_the_limit(importer: Importer, zones: Zones) -> None:
    release = importer.load(zones.grid(size=2))
    assert "use 0 to 14" in importer.run("tiles", "--release", release, "--max-zoom", 15, code=2)
    with pytest.raises(SystemExit, match="2"):
        importer.run("tiles", "--release", release, "--max-zoom", -1)
