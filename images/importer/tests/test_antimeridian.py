# SPDX-License-Identifier: Apache-2.0
"""Zones across the antimeridian: their boxes, their tiles on both sides, releases of importers that kept no boxes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import shapely
import shapely.affinity
from cosmogony_importer.database import statements
from cosmogony_importer.load import bands
from importer_support.helpers import ID, Bucket, Importer, Zone, Zones, features, grid, square, tile, tile_of, zone
from psycopg import sql
from shapely.geometry import mapping, shape

READER = "reader_of_boxes"
LATITUDE = -17.0  # in the middle of Datelinia


def parts(*boxes: tuple[float, float, float, float]) -> Zone:
    return {"type": "MultiPolygon", "coordinates": [square(*box)["coordinates"][0] for box in boxes]}


def datelinia(**more: Any) -> list[Zone]:
    """A country and a state on both sides of the antimeridian, an ordinary country, and a place without geometry."""
    country = parts((177, -18, 180, -16), (-180, -18, -179, -16))
    state = parts((179.5, -17.5, 180, -16.5), (-180, -17.5, -179.5, -16.5))
    return [
        zone(1, "Datelinia", "country", 2, country, country="FJ", **more),
        zone(2, "Across", "state", 4, state, parent=1, country="FJ", **more),
        zone(3, "Ordinary", "country", 2, square(0, 0, 4.5, 4.123456789), **more),
        zone(4, "Hamlet", "suburb", None, None, parent=3, osm_id="node:7", **more),
    ]


BOXES = {1: (177, -18, -179, -16), 2: (179.5, -17.5, -179.5, -16.5), 3: (0, 0, 4.5, 4.123456789)}


def with_boxes() -> list[Zone]:
    return [one | {"bbox": list(BOXES[one["id"]]) if one["geometry"] else None} for one in datelinia()]


def boxes(db: psycopg.Connection, table: str = "public.zone_boxes") -> dict[int, tuple[float, ...]]:
    rows = db.execute(f"SELECT zone_id, west, south, east, north FROM {table}").fetchall()
    return {zone_id: tuple(pytest.approx(degree, abs=1e-9) for degree in box) for zone_id, *box in rows}


def schema_of(release: str) -> str:
    return "release_" + release.replace("-", "_")


def test_stores_boxes_of_records(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    records = with_boxes()
    records[2]["bbox"] = [-1.5, 0, 5, 4.5]  # not what its geometry says
    release = importer.load(zones.write(records))
    importer.run("publish")
    assert boxes(db) == BOXES | {3: (-1.5, 0, 5, 4.5)}
    key = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'p'"
    assert db.execute(key, (f"{schema_of(release)}.zone_boxes",)).fetchone() == ("PRIMARY KEY (zone_id)",)


@pytest.mark.parametrize("name", ["z.jsonl.gz", "z.json"])
@pytest.mark.parametrize(
    "bbox",
    [{}, {"bbox": None}, {"bbox": [1, 2, 3]}, {"bbox": ["177", "-18", "-179", "-16"]}, {"bbox": [177, -16, 181, -18]},
     {"bbox": {"west": 1}}, {"bbox": [[1], 2, 3, 4]}],
)  # fmt: skip
def test_computes_boxes_that_records_lack(
    importer: Importer, zones: Zones, db: psycopg.Connection, name: str, bbox: dict[str, Any]
) -> None:
    importer.load(zones.write(datelinia(**bbox), name))
    importer.run("publish")
    assert boxes(db) == BOXES


RULE = {
    "cut in two": (parts((177, 0, 180, 1), (-180, 0, -178, 1)), (177, 0, -178, 1)),
    "parts far from the cut": (parts((20, 54, 22, 55), (28, 42, 180, 77), (-180, 65, -169, 71)), (20, 42, -169, 77)),
    "most of it in the west": (
        parts((172, 51, 180, 53), (-180, 51, -130, 71), (-125, 25, -67, 49)),
        (172, 25, -67, 71),
    ),
    "several parts at the cut": (
        parts((179, 0, 180, 1), (179.5, 2, 180, 3), (-180, 0, -179.9, 1), (-180, 5, -179, 6)),
        (179, 0, -179, 6),
    ),
    "one part as wide as the map": (parts((-180, -90, 180, -65), (10, -60, 20, -55)), (-180, -90, 180, -55)),
    "on both sides and not cut": (parts((178, 0, 179.9, 1), (-179.9, 0, -178, 1)), (178, 0, -178, 1)),
    "at one edge": (parts((170, 0, 180, 1), (-179.9, 0, -178, 1)), (170, 0, -178, 1)),
    "far from the antimeridian": (parts((5, 0, 6, 1), (9, 0, 10, 1)), (5, 0, 10, 1)),
}


def test_computed_box_is_the_narrowest_one(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    importer.load(
        zones.write([zone(n, what, "country", 2, geometry) for n, (what, (geometry, _)) in enumerate(RULE.items())])
    )
    importer.run("publish")
    names = list(RULE)
    assert {names[n]: box for n, box in boxes(db).items()} == {what: box for what, (_, box) in RULE.items()}
    assert db.execute(
        "SELECT cosmogony_catalog.zone_box(NULL), cosmogony_catalog.zone_box('SRID=3857;POLYGON EMPTY')"
    ).fetchone() == ((None,) * 4,) * 2  # fmt: skip
    point = db.execute(
        "SELECT (cosmogony_catalog.zone_box(ST_Transform('SRID=4326;POINT(179.5 -17.25)'::geometry, 3857))).*"
    ).fetchone()
    assert point == pytest.approx((179.5, -17.25, 179.5, -17.25))


@pytest.mark.parametrize(
    ("records", "bounds"),
    [
        (datelinia()[:2], (-180, -18, 180, -16)),
        (datelinia()[2:], (0, 0, 4.5, 4.123456789)),
        ([zone(1, "Ice", "country", 2, square(-180, -90, 180, -60))], (-180, -85.05112877980659, 180, -60)),
    ],
    ids=["across", "ordinary", "at the pole"],
)
def test_bounds_of_a_release_have_west_below_east(
    importer: Importer, zones: Zones, db: psycopg.Connection, records: list[Zone], bounds: tuple[float, ...]
) -> None:
    importer.load(zones.write(records))
    importer.run("publish")
    assert db.execute("SELECT bounds FROM cosmogony_release").fetchone()[0] == pytest.approx(bounds, abs=1e-9)


def sides(db: psycopg.Connection, zoom: int, latitude: float = LATITUDE) -> list[dict[int, shapely.Geometry]]:
    """The zones of the tiles at the eastern and at the western edge of the map."""
    _, y = tile_of(0, latitude, zoom)
    return [
        {id_: shape(feature["geometry"]) for id_, feature in features(tile(db, zoom, x, y)).items()}
        for x in (2**zoom - 1, 0)
    ]


@pytest.mark.parametrize("stored", [False, True])
def test_tiles_are_complete_on_both_sides_of_the_antimeridian(
    importer: Importer, zones: Zones, db: psycopg.Connection, stored: bool
) -> None:
    release = importer.load(zones.write(with_boxes()))
    if stored:
        importer.run("tiles", "--release", release, "--max-zoom", 6)
    importer.run("publish")
    for zoom in range(1, 15):
        east, west = sides(db, zoom)
        wanted = {1, 2} if zoom > 5 else {1}
        assert wanted <= {1, 2} & set(east) == {1, 2} & set(west), zoom
        unit = 4096 * 2**zoom / 360
        for id_ in {1, 2} & set(east):
            left, right = BOXES[id_][0], BOXES[id_][2]
            # to the edge of the map, and on from there; a tile ends 10 pixels beyond its own edge
            assert east[id_].bounds[2] == 4096
            assert east[id_].bounds[0] == pytest.approx(max(-160, 4096 - (180 - left) * unit), abs=1)
            assert west[id_].bounds[0] == 0
            assert west[id_].bounds[2] == pytest.approx(min(4256, (right + 180) * unit), abs=1)
            assert (east[id_].bounds[1], east[id_].bounds[3]) == (west[id_].bounds[1], west[id_].bounds[3])
            for side in (east[id_], west[id_]):
                assert side.area == pytest.approx(shapely.box(*side.bounds).area)
    world = shape(features(tile(db, 0, 0, 0))[1]["geometry"])
    assert sorted(part.bounds[::2] for part in world.geoms) == [(0, 11), (4062, 4096)]


def cut(geometry: Zone) -> Zone:
    """A geometry that reaches beyond 180 degrees, cut there and moved to where longitudes end."""
    whole = shape(geometry)
    east = whole.intersection(shapely.box(0, -90, 180, 90))
    west = shapely.affinity.translate(whole.intersection(shapely.box(180, -90, 360, 90)), -360)
    pieces = [part for side in (east, west) for part in getattr(side, "geoms", [side]) if part.area > 0]
    rounded = shapely.transform(shapely.MultiPolygon(pieces), lambda points: points.round(7))
    return mapping(rounded)


@pytest.mark.parametrize("chunk", [bands.MAX_VERTICES, 500])
def test_shared_borders_stay_shared_at_the_edge(
    importer: Importer, zones: Zones, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(bands.create_band_tables, "__defaults__", (0, chunk))
    records = grid(5, west=177.5, south=-20.0, points=60)
    for one in records:
        one["geometry"] = cut(one["geometry"])
    importer.load(zones.write(records))
    importer.run("publish")
    across = {number for number, (west, _, east, _) in boxes(db).items() if west.expected > east.expected}
    assert across == {0, 3, 8, 13, 18, 23}  # the country and the cities in the middle of each row
    seen = 0
    for zoom in range(4, 15):
        for latitude in (-19.5, -18.02, -16.5):
            borders = []
            for edge, found in zip((4096, 0), sides(db, zoom, latitude), strict=True):
                found.pop(0, None)
                seen = max(seen, len(found))
                cities = list(found.values())
                union = shapely.union_all(cities)
                assert sum(city.area for city in cities) == union.area, f"zoom {zoom}"
                assert not any(part.interiors for part in getattr(union, "geoms", [union])), f"zoom {zoom}"
                line = shapely.LineString([(edge, -200), (edge, 4296)])
                borders.append({id_: city.intersection(line).bounds for id_, city in found.items()})
            east, west = ({id_: (b[1], b[3]) for id_, b in side.items() if b == b and b[1] < b[3]} for side in borders)
            assert set(east) == set(west), f"zoom {zoom}"
            for id_ in east:  # a corner of the coast may be simplified by half a pixel, on one side only
                assert east[id_] == pytest.approx(west[id_], abs=8), f"zoom {zoom}"
    assert seen >= 15


def test_zones_of_the_same_latitude_are_not_neighbours(
    importer: Importer, zones: Zones, db: psycopg.Connection
) -> None:
    """Else all of them would be simplified together with a zone across the antimeridian."""
    beside = [
        zone(5, "West of it", "state", 4, square(178, -17.5, 179.5, -16.5), country="FJ"),
        zone(6, "East of it", "state", 4, square(-179.5, -17.5, -178, -16.5), country="FJ"),
    ]
    far = [zone(1000 + n, "Far", "state", 4, square(n, -18, n + 1, -16)) for n in range(-170, 170)]
    release = importer.load(zones.write([*with_boxes(), *beside, *far]))
    with db.transaction(force_rollback=True):
        statements.set_search_path(db, schema_of(release), "public")
        db.execute(
            statements.read_statement(
                "release/band_chunks.sql", source="zones", vertices=9, min_zoom=sql.SQL("0"), zoom=0
            )
        )
        neighbours = db.execute(
            "SELECT DISTINCT other.id FROM band_chunks AS one JOIN band_chunks AS other USING (kind) "
            "WHERE one.id = 2 AND other.box && one.box"
        ).fetchall()
        chunks = db.execute("SELECT count(DISTINCT chunk) FROM band_chunks GROUP BY id").fetchall()
    assert {id_ for (id_,) in neighbours} == {2, 5, 6}
    assert set(chunks) == {(1,)}


def test_box_does_not_change_a_tile(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    """No tile is another one when what the boxes say is not known."""
    release = importer.load(zones.write(with_boxes() + grid(3, west=-178.99, south=-18.5, step=0.5, first=10)))
    schema = schema_of(release)
    every = (
        "SELECT z, x, y, md5(cosmogony_catalog.compute_tile(%s, z, x, y)) FROM generate_series(0, 6) AS z, LATERAL "
        "generate_series(0, (1 << z) - 1) AS x, LATERAL generate_series(0, (1 << z) - 1) AS y"
    )
    made = db.execute(every, (schema,)).fetchall()
    db.execute(f"DROP TABLE {schema}.zone_boxes")
    assert db.execute(every, (schema,)).fetchall() == made
    assert sum(digest is not None for *_, digest in made) > 30


@pytest.mark.parametrize(
    ("options", "west", "east"),
    [(("--country", "FJ"), 177, -179), (("--bbox=178.5,-19,-179.5,-15",), 178.5, -179.5)],
    ids=["country", "box"],
)
def test_tiles_of_an_area_are_stored_on_both_sides(
    importer: Importer, zones: Zones, db: psycopg.Connection, options: tuple[str, ...], west: float, east: float
) -> None:
    release = importer.load(zones.write(with_boxes()))
    importer.run("tiles", "--release", release, "--min-zoom", 8, "--max-zoom", 8, *options)
    columns = {x for (x,) in db.execute(f"SELECT DISTINCT x FROM {schema_of(release)}.tiles WHERE z = 8").fetchall()}
    assert columns == {*range(tile_of(west, 0, 8)[0], 256), *range(tile_of(east, 0, 8)[0] + 1)}


@pytest.fixture
def reader(db: psycopg.Connection) -> Iterator[str]:
    db.execute(f"CREATE ROLE {READER}")
    yield READER
    db.execute(f"DROP OWNED BY {READER}; DROP ROLE {READER}")


def read_as(db: psycopg.Connection, role: str, table: str = "public.zone_boxes") -> dict[int, tuple[float, ...]]:
    with db.transaction():
        db.execute(f"SET LOCAL ROLE {role}")
        return boxes(db, table)


def test_readers_of_zones_may_read_boxes(importer: Importer, zones: Zones, db: psycopg.Connection, reader: str) -> None:
    importer.load(zones.write(with_boxes()))
    importer.run("publish")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        read_as(db, reader)
    db.execute(f"GRANT SELECT ON public.zones TO {reader}")
    second = importer.load(zones.write(datelinia(), "second.jsonl.gz"))
    importer.run("publish")
    assert read_as(db, reader) == read_as(db, reader, f"{schema_of(second)}.zone_boxes") == BOXES


def test_publish_switches_boxes_with_zones(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    first = importer.load(zones.write(with_boxes()))
    importer.run("publish")
    importer.load(zones.grid("b.jsonl.gz", size=1))
    importer.run("publish")
    assert set(boxes(db)) == {0, 1}
    importer.run("rollback")
    assert importer.live() == first
    assert boxes(db) == BOXES


def forget_boxes(db: psycopg.Connection, *releases: str) -> None:
    """What an importer that knew no boxes has left."""
    db.execute("DROP VIEW IF EXISTS public.zone_boxes")
    for release in releases:
        db.execute(f"DROP TABLE {schema_of(release)}.zone_boxes")
    db.execute("UPDATE cosmogony_catalog.releases SET format = 1")
    db.execute("DROP FUNCTION cosmogony_catalog.zone_box, cosmogony_catalog.release_bounds")
    db.execute("DELETE FROM cosmogony_catalog.migrations WHERE name LIKE 'functions/%'")


def test_upgrades_release_of_importer_without_boxes(
    importer: Importer, zones: Zones, db: psycopg.Connection, reader: str
) -> None:
    old = importer.load(zones.write(datelinia(), "old.jsonl.gz"))
    importer.run("publish")
    db.execute(f"GRANT SELECT ON public.zones TO {reader}")
    forget_boxes(db, old)
    assert f"applying 002_zone_boxes.sql to release {old}" in importer.run("init")
    assert boxes(db) == read_as(db, reader) == read_as(db, reader, f"{schema_of(old)}.zone_boxes") == BOXES
    assert all({1, 2} <= set(side) for side in sides(db, 6))
    assert "applying" not in importer.run("init")
    new = importer.load(zones.write([one for one in with_boxes() if one["id"] != 3], "new.jsonl.gz"))
    importer.run("publish")
    assert set(boxes(db)) == {1, 2}
    importer.run("rollback")
    assert boxes(db) == BOXES
    importer.run("rollback", "--to", new)
    importer.run("clean", "--keep", 1)
    assert [one["id"] for one in importer.list()] == [new]
    assert db.execute("SELECT to_regnamespace(%s)", (schema_of(old),)).fetchone() == (None,)


def test_publishes_load_of_importer_without_boxes(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    old = importer.load(zones.write(datelinia(), "old.jsonl.gz"))
    forget_boxes(db, old)
    importer.run("publish")
    assert boxes(db) == BOXES


def test_adopted_database_has_boxes(importer: Importer, zones: Zones, db: psycopg.Connection, reader: str) -> None:
    importer.load(zones.write(datelinia(), "original.jsonl.gz"))
    schema = importer.list()[0]["schema"]
    db.execute(f"CREATE TABLE public.zones AS SELECT * FROM {schema}.zones")
    db.execute(f"GRANT SELECT ON public.zones TO {reader}")
    release = importer.load(zones.grid(size=1))
    importer.run("publish", "--release", release, "--override", "other zones")
    assert read_as(db, reader, "release_legacy.zone_boxes") == BOXES
    assert set(boxes(db)) == {0, 1}
    importer.run("rollback", "--to", "legacy")
    assert read_as(db, reader) == BOXES
    assert db.execute("SELECT bounds FROM cosmogony_release").fetchone()[0] == pytest.approx(
        [-180, -18, 180, 4.123456789]
    )
    importer.run("rollback", "--to", release)
    importer.run("clean", "--keep", 1)
    assert db.execute("SELECT to_regnamespace('release_legacy')").fetchone() == (None,)


def test_refuses_foreign_object_named_zone_boxes(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    db.execute("CREATE TABLE public.zone_boxes (mine int)")
    importer.load(zones.grid(size=1))
    assert "public.zone_boxes is not a view of this stack; rename it" in importer.run("publish", code=1)
    assert db.execute("SELECT to_regclass('public.zones'), count(*) FROM public.zone_boxes").fetchone() == (None, 0)


def test_a_failed_load_leaves_no_boxes(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    importer.run("import_data", zones.write([*with_boxes(), zone(1, "Twice", "city", 8, square(5, 5, 6, 6))]), code=1)
    assert db.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'zone_boxes%'").fetchone() == (0,)


def test_loads_boxes_from_the_object_store(importer: Importer, bucket: Bucket, db: psycopg.Connection) -> None:
    bucket.release(with_boxes())
    importer.run("load", "--release", ID)
    importer.run("gate", "--release", ID)
    importer.run("publish", "--release", ID)
    assert boxes(db) == BOXES
