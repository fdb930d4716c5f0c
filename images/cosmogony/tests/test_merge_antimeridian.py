# SPDX-License-Identifier: Apache-2.0
"""Parents across files when boxes cross the antimeridian: their west is greater than their east."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from cosmogony.files.recordfile import read_records
from cosmogony.merge import merge

Box = tuple[float, float, float, float]

FIJI: Box = (177, -20, -178, -15)
ICE: Box = (-180, -90, 180, -60)
LAND: Box = (0, 0, 10, 10)


def square(west: float, south: float, east: float, north: float) -> list[list[list[float]]]:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def zone(number: int, kind: str, box: Box, **more: Any) -> dict[str, Any]:
    """A zone as large as its box, cut at the antimeridian."""
    west, south, east, north = box
    parts = [box] if west < east else [(west, south, 180, north), (-180, south, east, north)]
    return {
        "id": number,
        "osm_id": f"relation:{number}",
        "name": f"zone {number}",
        "zone_type": kind,
        "parent": None,
        "bbox": list(box),
        "geometry": {"type": "MultiPolygon", "coordinates": [square(*part) for part in parts]},
        **more,
    }


def parents(folder: Path, above: list[dict[str, Any]], below: list[dict[str, Any]]) -> dict[str, str | None]:
    """Merge two files; the parent of each zone of the second one by OSM ids."""
    for name, zones in (("above", above), ("below", below)):
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in zones))
    merge([folder / "above.jsonl", folder / "below.jsonl"], folder / "merged.jsonl")
    merged = {one["id"]: one for one in read_records(folder / "merged.jsonl") if one is not None}
    wanted = {one["osm_id"] for one in below}
    found = {one["osm_id"]: one["parent"] for one in merged.values() if one["osm_id"] in wanted}
    return {osm_id: None if key is None else merged[key]["osm_id"] for osm_id, key in found.items()}


@pytest.mark.parametrize(
    ("box", "parent"),
    [
        pytest.param((178, -18, 179, -17), "relation:1", id="west of it"),
        pytest.param((-179.5, -18, -178.5, -17), "relation:1", id="east of it"),
        pytest.param((179.5, -18, -179.5, -17), "relation:1", id="across"),
        pytest.param((177, -20, -178, -15), "relation:1", id="the same box"),
        pytest.param((176, -18, 178, -17), None, id="partly outside in the west"),
        pytest.param((-179, -18, -177, -17), None, id="partly outside in the east"),
        pytest.param((179, -18, -177, -17), None, id="across and partly outside"),
        pytest.param((0, -18, 1, -17), None, id="on the other side of the earth"),
        pytest.param((170, -80, -150, -70), "relation:2", id="across, in one as wide as the map"),
        pytest.param((0, -80, 1, -70), "relation:2", id="ordinary, in one as wide as the map"),
        pytest.param((1, 1, 2, 2), "relation:3", id="ordinary"),
    ],
)
def test_parent_in_another_file(box: Box, parent: str | None, tmp_path: Path) -> None:
    above = [zone(1, "country", FIJI), zone(2, "country", ICE), zone(3, "country", LAND)]
    assert parents(tmp_path, above, [zone(10, "city", box)]) == {"relation:10": parent}


def test_zone_is_not_the_parent_of_one_across_the_antimeridian(tmp_path: Path) -> None:
    assert parents(tmp_path, [zone(3, "country", (178, -19, 180, -16))], [zone(10, "city", FIJI)]) == {
        "relation:10": None
    }
