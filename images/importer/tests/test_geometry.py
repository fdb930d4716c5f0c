# SPDX-License-Identifier: Apache-2.0
"""GeoJSON to EWKB: the same as PostGIS makes of it."""

from __future__ import annotations

import json

import psycopg
import pytest
import shapely
from cosmogony_importer import geometry
from helpers import grid, square
from throwaway import postgis

HOLE = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]], [[3, 3], [3, 6], [6, 6], [3, 3]]]}
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
DEGENERATE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}
POLES = {"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, -60], [-180, -60], [-180, -90]]]}
THREE_D = {"type": "Polygon", "coordinates": [[[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 0, 5]]]}
POINT = {"type": "Point", "coordinates": [9.5, 47.1]}
LINE = {"type": "LineString", "coordinates": [[0, 0], [5, 5]]}


@pytest.fixture(scope="module")
def connection(postgres: postgis.Server):
    database = postgres.create_database("geometry")
    with postgres.connect(database) as connection:
        yield connection
    postgres.drop_database(database)


@pytest.mark.parametrize(
    "shape", [square(0, 0, 10, 10), HOLE, BOW_TIE, DEGENERATE, POLES, THREE_D, POINT, LINE, grid(2)[0]["geometry"]]
)
def test_same_as_postgis(connection: psycopg.Connection, shape: dict) -> None:
    kind, srid, valid, distance, size = connection.execute(
        "WITH theirs AS (SELECT ST_MakeValid(ST_Transform(ST_SetSRID(ST_Force2D(ST_GeomFromGeoJSON(%(json)s)), 4326), "
        "3857)) AS g), ours AS (SELECT %(ewkb)s::geometry AS g) SELECT ST_GeometryType(ours.g) = "
        "ST_GeometryType(theirs.g), ST_SRID(ours.g), ST_IsValid(ours.g), ST_HausdorffDistance(ours.g, theirs.g), "
        "greatest(1, ST_Length(ST_BoundingDiagonal(ours.g))) FROM ours, theirs",
        {"json": json.dumps(shape), "ewkb": geometry.ewkb(shape).hex()},
    ).fetchone()
    assert (kind, srid, valid) == (True, 3857, True)
    assert distance < 1e-9 * size


def test_open_and_short_rings_are_closed() -> None:
    shape = shapely.from_wkb(geometry.ewkb({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}))
    assert shape.geom_type == "Polygon"
    short = geometry.ewkb({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]})
    assert shapely.from_wkb(short).geom_type == "LineString"


@pytest.mark.parametrize(
    "shape",
    [
        {"type": "MultiPolygon", "coordinates": []},
        {"type": "Polygon", "coordinates": []},
        {"type": "GeometryCollection", "geometries": []},
    ],
)
def test_empty_is_no_geometry(shape: dict) -> None:
    assert geometry.ewkb(shape) is None


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"type": "Nonsense"},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": 7},
        {"type": "Polygon", "coordinates": [[[0, 0], ["a", 1], [1, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[]]},
        square(0, 0, 1, 90.1),
    ],
)
def test_nonsense_is_refused(shape: dict) -> None:
    with pytest.raises(geometry.BadGeometry):
        geometry.ewkb(shape)
