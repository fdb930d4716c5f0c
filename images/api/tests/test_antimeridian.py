# SPDX-License-Identifier: Apache-2.0
"""Boxes of zones across the antimeridian, and of releases without stored boxes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from services import postgis

from .support import data
from .test_openapi import check_answer

ACROSS = {"type": "Polygon", "coordinates": [[[177, -18], [177, -16], [181, -16], [181, -18], [177, -18]]]}
ORDINARY = {
    "type": "Polygon",
    "coordinates": [[[0, 0], [0, 4.123456789], [4.5, 4.123456789], [4.5, 0], [0, 0]]],
}


def zones(*, boxes: bool) -> list[dict[str, Any]]:
    cut = {
        "type": "MultiPolygon",
        "coordinates": [
            data.square(*part)["coordinates"][0] for part in ((177, -18, 180, -16), (-180, -18, -179, -16))
        ],
    }
    records = [
        data.zone(1, "Datelinia", "country", None, cut, admin_level=2, bbox=[177, -18, -179, -16]),
        data.zone(2, "Ordinary", "country", None, data.square(0, 0, 4.5, 4.123456789), bbox=[0, 0, 4.5, 4.123456789]),
    ]
    return records if boxes else [record | {"bbox": None} for record in records]


@pytest.fixture(scope="module")
def across(postgres: postgis.Server) -> Iterator[str]:
    """A database with a live release, and an earlier one whose records had no boxes.

    Both have, as an original database may, a zone that is a point and one without geometry.
    """
    name = postgres.create_database("api")
    data.publish(postgres, name, data.OLD, zones(boxes=False))
    data.publish(postgres, name, data.NEW, zones(boxes=True))
    with postgres.connect(name) as connection:
        for (schema,) in connection.execute("select schema_name from public.cosmogony_releases").fetchall():
            connection.execute(
                f"insert into {schema}.zones (id, name, osm_id, geometry) values (9, 'Bare', 'node:9', null), "
                "(3, 'Point', 'node:3', ST_Transform(ST_SetSRID(ST_MakePoint(1.123456789, 1), 4326), 3857))"
            )
            connection.execute(f"insert into {schema}.zone_boxes values (3, 1.123456789, 1, 1.123456789, 1)")
    yield name
    postgres.drop_database(name)


@pytest.fixture
def client(make_client, across: str) -> FlaskClient:
    return make_client(across)


@pytest.mark.parametrize("query", ["", f"?v={data.NEW}", f"?v={data.OLD}"])
def test_bbox_is_the_stored_box_or_the_envelope(client, query):
    def bbox(path: str) -> Any:
        return client.get(f"{path}{query}").json["zone"]["bbox"]

    assert bbox("/zones/1") == bbox("/zones/1/parents") == bbox("/zones/osm/relation:900001") == ACROSS
    assert bbox("/zones/2") == ORDINARY
    assert bbox("/zones/3") == {"type": "Point", "coordinates": [1.123456789, 1]}
    assert bbox("/zones/9") is None


def test_whole_degrees_are_written_as_integers(client):
    assert b'"coordinates":[[[177,-18],[177,-16],[181,-16],[181,-18],[177,-18]]]' in client.get("/zones/1").data


def test_answers_across_the_antimeridian_fit_their_schemas(client):
    document = client.get("/v1/openapi.json").json
    for zone in (1, 2, 3, 9):
        check_answer(document, "get", "/zones/{id}", client.get(f"/zones/{zone}"))


def test_bounds_across_the_antimeridian_are_the_width_of_the_map(client):
    assert client.get("/release").json["bounds"] == [-180, -18, 180, 4.123456789]
    tilejson = client.get("/tiles/cosmogony.json").json
    assert tilejson["bounds"] == [-180, -18, 180, 4.123457]
    assert tilejson["center"][0] == 0


def test_release_without_table_of_boxes_has_envelopes(postgres, client, across):
    """A newer API over a database that the newer importer has not reached."""
    schema = f"release_{data.NEW.replace('-', '_')}"
    with postgres.connect(across) as connection:
        connection.execute("drop view public.zone_boxes")
        connection.execute(f"alter table {schema}.zone_boxes rename to hidden")
    try:
        for query in ("", f"?v={data.NEW}"):
            assert client.get(f"/zones/2{query}").json["zone"]["bbox"] == ORDINARY
            assert client.get(f"/zones/9{query}").json["zone"]["bbox"] is None
        assert set(client.get("/releases").json["releases"][0]) == set(client.get(f"/releases/{data.OLD}").json) == {
            "id", "inputs_digest", "state", "live", "created", "published_at", "zones", "gate", "override"
        }  # fmt: skip
    finally:
        with postgres.connect(across) as connection:
            connection.execute(f"alter table {schema}.hidden rename to zone_boxes")
