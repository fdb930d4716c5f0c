# SPDX-License-Identifier: Apache-2.0
"""What a load prepares for the API: which zones hold a point, which have a name, their labels, what they cover."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import search_queries
import shapely
import shapely.geometry
from checkout import DATA
from cosmogony_importer.load import loader
from cosmogony_importer.releases import migrations
from cosmogony_steps.zonefiles import ZoneFormat
from importer_support.helpers import Importer, Zones, extract_zones, grid, square, zone
from psycopg import sql
from services import postgis
from services.connections import find_database

ON_BORDER = 1e-9  # degrees, as in sql/release/lookups.sql
EXTRACTS = {"lu": "luxembourg_filtered.osm.pbf", "li": "liechtenstein-2013-08-03.osm.pbf", "ca": "gatineau.osm.pbf"}

Point = tuple[float, float]  # longitude, latitude


class Loaded:
    """A release of some zones, and the zones as their file has them."""

    def __init__(self, connection: psycopg.Connection, schema: str, records: list[dict[str, Any]]) -> None:
        self.connection, self.schema = connection, schema
        self.records = [record for record in records if record["geometry"] is not None]
        self.shapes = np.array([shapely.from_geojson(json.dumps(one["geometry"])) for one in self.records])
        self.ids = np.array([record["id"] for record in self.records])

    def call(self, function: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """The rows of a function of the release."""
        statement = sql.SQL("SELECT * FROM {}({})").format(
            sql.Identifier(self.schema, function), sql.SQL(", ").join(map(sql.Literal, arguments))
        )
        return self.connection.execute(statement).fetchall()

    def reverse(self, points: list[Point], *more: Any) -> list[list[int]]:
        """The ids of the zones that hold each point, the smallest first."""
        found: list[list[int]] = [[] for _ in points]
        for number, zone_id, _ in self.call("reverse", *map(list, zip(*points, strict=True)), *more):
            found[number - 1].append(zone_id)
        return found

    def count_in_country(self, zone_type: str) -> int:
        """The number of zones of a type at least half of which is in the country; without a country all of them."""
        types = np.array([record["zone_type"] for record in self.records])
        shapes, country = self.shapes[types == zone_type], shapely.union_all(self.shapes[types == "country"])
        inside = shapely.area(shapely.intersection(shapes, country)) >= shapely.area(shapes) / 2
        return len(shapes) if country.is_empty else int(inside.sum())

    def count_by_force(self, points: list[Point]) -> list[set[int]]:
        """The same, each point compared with each zone."""
        found: list[set[int]] = [set() for _ in points]
        for number, (lon, lat) in enumerate(points):
            place: shapely.Geometry = shapely.Point(lon, lat)
            if abs(lat) == 90:
                place = shapely.LineString([(-180, lat), (180, lat)])
            elif abs(lon) == 180:
                place = shapely.MultiPoint([(-180, lat), (180, lat)])
            found[number] = set(self.ids[shapely.dwithin(self.shapes, place, ON_BORDER)].tolist())
        return found


def load_zones(server: postgis.Server, database: str, path: Path) -> Loaded:
    settings = find_database(server.environment(database))
    connection = server.connect(database)
    migrations.migrate_database(connection)
    with path.open("rb") as stream:
        source = loader.ZoneStream(stream, ZoneFormat.JSONL_GZ, path.name)
        loader.load_release(settings, connection, path.name.partition(".")[0], source)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return Loaded(connection, "release_" + path.name.partition(".")[0], records)


@pytest.fixture(scope="module", params=["lu", "li", "ca"])
def real(
    request: pytest.FixtureRequest, postgres: postgis.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Loaded]:
    """The zones of a real extract."""
    database = postgres.create_database()
    path = tmp_path_factory.mktemp("zones") / f"{request.param}.jsonl.gz"
    loaded = load_zones(postgres, database, extract_zones(DATA / EXTRACTS[request.param], path, request.param))
    yield loaded
    loaded.connection.close()
    postgres.drop_database(database)


EDGES = [  # zones at the edges of the map, and in each other
    zone(1, "Antarctica", "country", 2, square(-180, -90, 180, -60)),
    zone(2, "Chukotka", "state", 4, {"type": "MultiPolygon", "coordinates": [
        square(170, 60, 180, 70)["coordinates"][0], square(-180, 60, -170, 70)["coordinates"][0]]}),
    zone(3, "Around", "city", 8, {"type": "Polygon", "coordinates": [
        square(0, 0, 10, 10)["coordinates"][0][0], square(4, 4, 6, 6)["coordinates"][0][0][::-1]]}),
    zone(4, "Enclave", "city", 8, square(4, 4, 6, 6)),
    zone(5, "Arctic", "country", 2, square(-20, 80, 40, 90)),
    zone(6, "East", "city", 8, square(10, 0, 20, 10)),
    zone(7, "Same as East", "state", 4, square(10, 0, 20, 10)),
]  # fmt: skip


@pytest.fixture(scope="module")
def edges(postgres: postgis.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    database = postgres.create_database()
    loaded = load_zones(postgres, database, Zones(tmp_path_factory.mktemp("zones")).write(EDGES, "edges.jsonl.gz"))
    yield loaded
    loaded.connection.close()
    postgres.drop_database(database)


def draw_points(shapes: np.ndarray, count: int, seed: int = 1) -> list[Point]:
    """Points around all shapes."""
    west, south, east, north = shapely.total_bounds(shapes)
    margin = (east - west + north - south) / 20
    chance = np.random.default_rng(seed)
    longitudes = chance.uniform(max(-180, west - margin), min(180, east + margin), count)
    latitudes = chance.uniform(max(-90, south - margin), min(90, north + margin), count)
    return list(zip(longitudes.tolist(), latitudes.tolist(), strict=True))


def draw_border_points(shapes: np.ndarray, count: int, seed: int = 1) -> list[Point]:
    """Corners of zones, and places between two of them."""
    chance = np.random.default_rng(seed)
    rings = shapely.get_rings(shapely.get_parts(shapes))
    found: list[Point] = []
    for number in chance.integers(len(rings), size=count).tolist():
        corners = shapely.get_coordinates(rings[number])
        place = int(chance.integers(len(corners) - 1))
        along = 0.0 if number % 2 else float(chance.uniform())
        lon, lat = (1 - along) * corners[place] + along * corners[place + 1]
        found.append((float(lon), float(lat)))
    return found


def test_reverse_equals_brute_force(real: Loaded) -> None:
    points = draw_points(real.shapes, 10_000)
    found = real.reverse(points)
    assert [set(ids) for ids in found] == real.count_by_force(points)
    assert sum(map(bool, found)) > 1000
    areas = dict(
        real.connection.execute(sql.SQL("SELECT id, round(area) FROM {}").format(sql.Identifier(real.schema, "zones")))
    )
    for ids in found:
        assert [areas[one] for one in ids] == sorted(areas[one] for one in ids)


def test_reverse_equals_brute_force_on_borders(real: Loaded) -> None:
    """A border belongs to the zones on both sides of it."""
    points = draw_border_points(real.shapes, 2_000)
    found = real.reverse(points)
    assert [set(ids) for ids in found] == real.count_by_force(points)
    assert all(found)


def test_reverse_at_the_edges_of_the_map(edges: Loaded) -> None:
    points = draw_points(edges.shapes, 5_000) + draw_border_points(edges.shapes, 1_000)
    points += [(lon, lat) for lon in (-180.0, 180.0, 0.0, 33.3) for lat in (-90.0, -75.0, 65.0, 85.0, 90.0)]
    found = edges.reverse(points)
    assert [set(ids) for ids in found] == edges.count_by_force(points)
    # the pole and the antimeridian are one place each
    assert edges.reverse([(123.0, 90.0), (180.0, 65.0), (-180.0, 65.0), (5.0, 5.0), (5.0, 1.0), (5.0, 4.0)]) == [
        [5], [2], [2], [4], [3], [4, 3]
    ]  # fmt: skip
    # of two zones with the same border the less important one is first
    assert edges.reverse([(15.0, 5.0)]) == [[6, 7]]


def test_reverse_takes_types_and_the_nearest_place(edges: Loaded) -> None:
    off = (20.5, 5.0)  # 55 km east of East
    assert edges.reverse([off, (5.0, 5.0)], ["city"]) == [[], [4]]
    assert edges.reverse([off, (5.0, 1.0)], None, 50_000) == [[], [3]]
    assert edges.reverse([off, (5.0, 1.0)], None, 60_000) == [[6, 7], [3]]
    assert edges.reverse([off], ["state"], 60_000) == [[7]]
    ((_, _, distance),) = edges.call("reverse", [off[0]], [off[1]], ["city"], 60_000)
    expected = 6371008.8 * 2 * math.asin(math.sin(math.radians(0.25)) * math.cos(math.radians(5)))
    assert distance == pytest.approx(expected, rel=1e-3)
    # across the antimeridian, and at 60 degrees, where a degree of longitude is half as long
    assert edges.reverse([(-169.5, 65.0), (169.5, 65.0), (-169.5, 59.95)], None, 24_000) == [[2], [2], []]
    assert edges.reverse([(-170.0, 59.95)], None, 6_000) == [[2]]


def test_labels_equal_those_of_the_file(real: Loaded) -> None:
    labels = sql.SQL("SELECT {}(%s, ARRAY[%s])").format(sql.Identifier(real.schema, "zone_label"))
    compared = 0
    for record in real.records[::5]:
        for language, label in list(record["international_labels"].items())[::7]:
            assert real.connection.execute(labels, (record["id"], language)).fetchone() == (label,)
            compared += 1
        assert real.connection.execute(labels, (record["id"], "xx")).fetchone() == (record["label"],)
    assert compared > 0 or not any(record["international_labels"] for record in real.records)


def test_coverage_is_the_share_of_the_country(edges: Loaded, real: Loaded) -> None:
    table = sql.SQL("SELECT zone_type, zones, share FROM {}").format(sql.Identifier(real.schema, "coverage"))
    covered = {kind: (zones, share) for kind, zones, share in real.connection.execute(table)}
    if "country" in covered:
        assert covered["country"] == (1, 1)
    counted = {kind: real.count_in_country(kind) for kind in covered}
    assert {kind: zones for kind, (zones, _) in covered.items()} == counted
    # the ellipsoid's area by another formula
    areas = sql.SQL(
        "SELECT max(abs(area / ST_Area(ST_Transform(geometry, 4326)::geography) - 1)) FROM {} WHERE area > 1e5"
    )
    (difference,) = real.connection.execute(areas.format(sql.Identifier(real.schema, "zones"))).fetchone()
    assert difference < 1e-5


@pytest.mark.parametrize(("real", "cities"), [("li", 11), ("lu", 102)], indirect=["real"])
def test_coverage_counts_no_cities_of_the_neighbours(real: Loaded, cities: int) -> None:
    """An extract whose country is given has cities of its neighbours, too, with the same country code."""
    table = sql.Identifier(real.schema, "coverage")
    query = sql.SQL("SELECT zones, area FROM {} WHERE zone_type = %s").format(table)
    country, city = (real.connection.execute(query, (kind,)).fetchone() for kind in ("country", "city"))
    assert city[0] == cities < sum(record["zone_type"] == "city" for record in real.records)
    assert city[1] <= country[1] * (1 + 1e-6)


def coverage(importer: Importer, path: Path) -> dict[tuple[str, str], tuple[int, float, float | None]]:
    """Zones, square metres and share by country and type, of a release that is loaded from a file."""
    schema = "release_" + importer.load(path).replace("-", "_")
    with importer.connect() as connection:
        rows = connection.execute(f"SELECT * FROM {schema}.coverage").fetchall()
        return {(country, kind): (zones, area, share) for country, kind, zones, area, share in rows}


def test_coverage_counts_the_part_of_a_zone_in_its_country(importer: Importer, zones: Zones) -> None:
    land = zone(1, "Land", "country", 2, square(0, 0, 1, 1))
    places = [
        zone(2, "Inside", "city", 8, square(0, 0, 0.5, 0.5), parent=1),
        zone(3, "Most of it inside", "city", 8, square(0.5, 0, 1.1, 0.5), parent=1),
        zone(4, "Most of it outside", "city", 8, square(0.8, 0.5, 2.8, 1), parent=1),
        zone(5, "Outside", "city", 8, square(1.1, 0, 1.5, 0.5)),
        zone(6, "At the border", "state", 4, square(1, 0, 2, 1)),
        zone(7, "Far", "state", 4, square(50, 0, 60, 10)),
        zone(8, "Of another country", "city", 8, square(0, 0.5, 0.3, 1), country="BB"),
    ]
    found = coverage(importer, zones.write([land, *places]))
    (country_zones, country_area, country_share) = found["AA", "country"]
    assert (country_zones, country_share) == (1, 1)
    assert found["AA", "city"] == (2, pytest.approx(0.6 * country_area, 1e-3), pytest.approx(0.6, 1e-3))
    assert found["AA", "state"] == (0, 0, 0)
    assert found["BB", "city"] == (1, pytest.approx(0.15 * country_area, 1e-3), None)


@pytest.mark.parametrize(
    ("other", "share"),
    [(square(0, 0, 1, 0.5), 1), (square(2, 0, 3, 1), 0.5), (square(0.5, 0, 1.5, 1), 2 / 3)],
    ids=["in the other", "apart", "overlapping"],
)
def test_several_zones_of_a_country_are_its_area_together(
    importer: Importer, zones: Zones, other: dict[str, Any], share: float
) -> None:
    land = zone(1, "Kingdom", "country", 2, square(0, 0, 1, 1))
    city = zone(3, "City", "city", 8, square(0, 0, 1, 1), parent=1)
    found = coverage(importer, zones.write([land, zone(2, "Other part", "country", 3, other), city]))
    assert found["AA", "city"][::2] == (1, pytest.approx(share, 1e-3))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("real", ["lu"], indirect=True)
def test_search_finds_95_of_100(real: Loaded, seed: int) -> None:
    queries = search_queries.draw_queries(search_queries.select_zones(real.records), seed)
    by_id = {record["id"]: record for record in real.records}
    wrong = []
    for query in queries:
        found = real.call("search", query.text, 5)
        if not query.accepts(by_id[found[0][0]] if found else None):
            wrong.append((query, [(by_id[one[0]]["name"], by_id[one[0]]["zone_type"]) for one in found]))
    assert len(queries) == 100
    assert len(wrong) <= 5, wrong


@pytest.mark.parametrize("real", ["lu"], indirect=True)
def test_zones_of_one_name_are_found_together(real: Loaded) -> None:
    """Of a suburb that is called like its city, or a city like its country, each is among the first."""
    for record in search_queries.select_zones(real.records):
        found = [zone_id for zone_id, _, _ in real.call("search", record["name"], 3)]
        assert record["id"] in found, record["name"]


def names(importer: Importer, release: str, text: str, *more: Any) -> list[str]:
    """The names of the zones that a search finds, best first."""
    with importer.connect() as connection:
        schema = "release_" + release.replace("-", "_")
        statement = sql.SQL(
            "SELECT z.name FROM {}({}) AS found JOIN {} z ON z.id = found.zone_id ORDER BY found.score DESC, z.id"
        ).format(
            sql.Identifier(schema, "search"),
            sql.SQL(", ").join(map(sql.Literal, (text, 10, *more))),
            sql.Identifier(schema, "zones"),
        )
        return [row[0] for row in connection.execute(statement)]


NAMED = [
    zone(1, "Österreich", "country", 2, square(10, 40, 20, 50), country="AT", tags={
        "name:fr": "Autriche", "name:en": "Austria", "name:etymology": "Ost", "population": "8 900 000"}),
    zone(2, "Sankt Pölten", "city", 8, square(11, 41, 12, 42), 1, country="AT", tags={"population": "500"}, center={
        "type": "Point", "coordinates": [11.5, 41.5]}),
    zone(3, "Sankt Johann", "city", 8, square(13, 41, 14, 42), 1, country="AT", tags={"population": "20000"}, center={
        "type": "Point", "coordinates": [13.5, 41.5]}),
    zone(4, "Łódź", "city", 8, square(15, 41, 16, 42), 1, country="AT", tags={"alt_name": "Lodsch;Litzmannstadt"}),
    zone(5, "Straße", "suburb", 10, square(17, 41, 18, 42), 1, country="AT"),
    zone(6, "Sankt Johann", "city", 8, square(31, 41, 32, 42), 7, country="BB", tags={"population": "5"}, center={
        "type": "Point", "coordinates": [31.5, 41.5]}),
    zone(7, "Behind", "country", 2, square(30, 40, 40, 50), country="BB", zip_codes="no list", center="nowhere"),
    zone(9, "Москва", "state", 4, square(35, 41, 36, 42), 7, country="BB", tags={
        "name:en": "Moscow", "population": "13000000"}),
    zone(10, "Moscow", "city", 8, square(37, 41, 38, 42), 7, country="BB", tags={"population": "25000"}),
    zone(8, "100 % d'Or", "suburb", 10, square(33, 41, 34, 42), 7, country="BB"),
]  # fmt: skip


def test_search_takes_names_as_people_write_them(importer: Importer, zones: Zones) -> None:
    release = importer.load(zones.write(NAMED))

    def found(*arguments: Any) -> list[str]:
        return names(importer, release, *arguments)

    assert found("osterreich") == ["Österreich"]
    assert found("AUTRI") == ["Österreich"]
    assert found("Ost") == ["Österreich"]  # not because of name:etymology
    assert found("lodz") == found("litzmannstadt") == ["Łódź"]
    assert found("Strasse") == found("straße") == ["Straße"]
    assert found("sankt-johann") == ["Sankt Johann", "Sankt Johann"]
    assert found("pölten") == ["Sankt Pölten"]
    assert found("Sankt Polten") == found("Sankt Pötlen") == found("Sankt Pölte") == ["Sankt Pölten"]
    assert found("Sankt") == ["Sankt Johann", "Sankt Pölten", "Sankt Johann"]  # by population
    assert found("Sankt", ["suburb"]) == []
    assert found("Sankt", None, ["BB"]) == ["Sankt Johann"]
    assert found("Sankt Johann, Behind") == ["Sankt Johann"]
    assert found("Sankt Johann, Nowhere") == []
    assert found("sankt  johann behind") == ["Sankt Johann"]
    assert found("Sankt Pölten Österr") == found("sankt polten austria") == ["Sankt Pölten"]
    assert found("sankt johann", None, ["AT"]) == found("sankt johann austria", None, ["AT"]) == ["Sankt Johann"]
    assert found("sankt austria") == ["Sankt Johann", "Sankt Pölten"]
    assert found("Sankt", None, None, 11.5, 41.5)[0] == "Sankt Pölten"
    assert found("100% d or") == ["100 % d'Or"]
    assert found("moscow") == ["Москва", "Moscow"]  # the larger one, though this is not its local name
    assert found("%") == found("") == found(" ,") == found("zzzzzz") == found("x" * 5000) == []


def test_details_come_from_the_records(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    importer.load(zones.write(NAMED))
    importer.run("publish")
    (schema,) = db.execute("SELECT schema_name FROM cosmogony_releases WHERE live").fetchone()
    columns = sql.SQL("SELECT {} FROM {} WHERE id = 1")
    wanted = ("label", "names", "population", "zip_codes", "center_lon")
    row = db.execute(columns.format(sql.SQL(", ").join(map(sql.Identifier, wanted)), sql.Identifier(schema, "zones")))
    assert row.fetchone() == (
        "Österreich", {"fr": "Autriche", "en": "Austria", "etymology": "Ost"}, 8_900_000, [], None
    )  # fmt: skip
    function = sql.SQL("SELECT {}(name, names, %s) FROM {} WHERE id = 1").format(
        sql.Identifier(schema, "zone_name"), sql.Identifier(schema, "zones")
    )
    for languages, name in ((["fr", "en"], "Autriche"), (["xx", "en"], "Austria"), (["xx"], "Österreich")):
        assert db.execute(function, (languages,)).fetchone() == (name,)


@pytest.mark.parametrize(
    ("text", "population"),
    [
        ("12345", 12345), ("12,345", 12345), ("12.345.678", 12345678), ("~1 200 (2019)", 1200), ("1200.0", 1200),
        ("", None), ("many", None), ("99999999999999", None), ("0", 0), ("2019-01-01", None),
    ],
)  # fmt: skip
def test_reads_the_population_as_people_write_it(text: str, population: int | None) -> None:
    from cosmogony_importer.load import details

    assert details.read_population({"tags": {"population": text}}) == population
    assert details.read_population({"tags": {}, "center_tags": {"population": text}}) == population


def test_load_refuses_an_osm_id_that_occurs_twice(importer: Importer, zones: Zones) -> None:
    records = grid(3)
    records[5]["osm_id"] = records[2]["osm_id"]
    said = importer.run("import_data", zones.write(records), code=1)
    assert f"the same osm_id: {records[2]['osm_id']} (zones {records[2]['id']}, {records[5]['id']})" in said
    assert importer.list() == []
    records[5]["geometry"] = None  # a bare record beside the zone, as the original extractor makes it
    importer.load(zones.write(records))


def test_search_without_the_extension_finds_whole_names_and_beginnings(
    importer: Importer, zones: Zones, db: psycopg.Connection
) -> None:
    db.execute(
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE insufficient_privilege USING MESSAGE = 'permission denied to create extension'; END $$; "
        "CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE EXTENSION') EXECUTE FUNCTION refuse()"
    )
    said = importer.run("import_data", zones.write(NAMED))
    assert "extension pg_trgm cannot be created (permission denied to create extension)" in said
    assert 'run "CREATE EXTENSION pg_trgm" in database' in said
    (release,) = (one["id"] for one in importer.list())
    assert names(importer, release, "autri") == ["Österreich"]
    assert names(importer, release, "Sankt Polten") == ["Sankt Pölten"]
    assert names(importer, release, "Sankt Pötlen") == []
    db.execute("DROP EVENT TRIGGER refuse")
    assert names(importer, importer.load(zones.write(NAMED)), "Sankt Pötlen") == ["Sankt Pölten"]


def test_an_export_may_last_longer_than_a_publish(
    importer: Importer, zones: Zones, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads the schema of its release, so that publish waits for nobody, and clean leaves the release alone."""
    monkeypatch.setattr("cosmogony_importer.housekeeping.cleanup.PATIENCE", 1.0)
    first = importer.load(zones.grid("a.jsonl.gz", size=8, mark="a"))
    importer.run("publish", "--set=releases.keep=9")
    schema = "release_" + first.replace("-", "_")
    with importer.connect(autocommit=False) as reader:
        export = reader.cursor("export")
        export.execute(sql.SQL("SELECT name FROM {} ORDER BY id").format(sql.Identifier(schema, "zones")))
        read = export.fetchmany(10)
        second = importer.load(zones.grid("b.jsonl.gz", size=2, mark="b"))
        said = importer.run("publish", "--set=releases.keep=9", "--patience", 1)
        assert "waiting for a long reader" not in said
        assert importer.live() == second
        said = importer.run("clean", "--keep", 1)
        assert f"release {first} is being read; the next clean drops it" in said
        assert importer.output("dropped") == ""
        # tables that the export has not read yet are still there, too
        (point,) = reader.execute(
            sql.SQL("SELECT count(*) FROM {}(ARRAY[0.5], ARRAY[0.5])").format(sql.Identifier(schema, "reverse"))
        ).fetchone()
        assert point == 2
        read += export.fetchall()
    assert len(read) == 65
    assert {name[-1] for (name,) in read} == {"a"}
    importer.run("clean", "--keep", 1)
    assert importer.output("dropped") == first
    assert db.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,)).fetchone() is None
