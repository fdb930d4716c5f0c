# SPDX-License-Identifier: Apache-2.0
"""GeoJSON to EWKB: the same as PostGIS makes of it."""

from __future__ import annotations

import json

import psycopg
import pytest
from cosmogony_importer.load import geometry
from importer_support.helpers import grid, square
from services import postgis

HOLE = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]], [[3, 3], [3, 6], [6, 6], [3, 3]]]}
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
SPIKE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [5, 0], [1, 0], [1, 1], [0, 0]]]}
POLES = {"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, -60], [-180, -60], [-180, -90]]]}
THREE_D = {"type": "Polygon", "coordinates": [[[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 0, 5]]]}


@pytest.fixture(scope="module")
def connection(postgres: postgis.Server):
    database = postgres.create_database("geometry")
    with postgres.connect(database) as connection:
        yield connection
    postgres.drop_database(database)


@pytest.mark.parametrize("shape", [square(0, 0, 10, 10), HOLE, BOW_TIE, SPIKE, POLES, THREE_D, grid(2)[0]["geometry"]])
def test_projection_equals_postgis(connection: psycopg.Connection, shape: dict) -> None:
    kind, srid, valid, distance, size = connection.execute(
        "WITH theirs AS (SELECT ST_MakeValid(ST_Transform(ST_SetSRID(ST_Force2D(ST_GeomFromGeoJSON(%(json)s)), 4326), "
        "3857)) AS g), ours AS (SELECT %(ewkb)s::geometry AS g) SELECT ST_GeometryType(ours.g) = "
        "ST_GeometryType(theirs.g), ST_SRID(ours.g), ST_IsValid(ours.g), ST_HausdorffDistance(ours.g, theirs.g), "
        "greatest(1, ST_Length(ST_BoundingDiagonal(ours.g))) FROM ours, theirs",
        {"json": json.dumps(shape), "ewkb": geometry.to_ewkb(shape).hex()},
    ).fetchone()
    assert (kind, srid, valid) == (True, 3857, True)
    assert distance < 1e-9 * size


def test_finds_one_invalid_geometry_among_many() -> None:
    """Geometries of a batch are checked together."""
    many = [HOLE, BOW_TIE, *[one["geometry"] for one in grid(3)]]
    flat = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}
    assert [one.ewkb for one in geometry.convert_shapes(many, [False] * len(many))] == [
        geometry.to_ewkb(one) for one in many
    ]
    for position in range(len(many) + 1):
        some = [*many[:position], flat, *many[position:]]
        with pytest.raises(geometry.InvalidGeometryError, match="no area"):
            geometry.convert_shapes(some, [False] * len(some))


def test_refuses_straight_line_in_degrees() -> None:
    line = {"type": "Polygon", "coordinates": [[[0, 0], [40, 40], [80, 80], [0, 0]]]}
    with pytest.raises(geometry.InvalidGeometryError, match="no area"):
        geometry.to_ewkb(line)


def test_accepts_slivers_of_generated_zones_only() -> None:
    sliver = {"type": "Polygon", "coordinates": [[[6, 49], [6.01, 49], [6.01, 49.00000000000001], [6, 49]]]}
    geometry.to_ewkb(sliver, generated=True)
    with pytest.raises(geometry.InvalidGeometryError, match="no area"):
        geometry.to_ewkb(sliver)
    with pytest.raises(geometry.InvalidGeometryError, match="no area"):
        geometry.to_ewkb({"type": "Polygon", "coordinates": [[[6, 49], [7, 49], [6, 49], [6, 49]]]}, generated=True)
