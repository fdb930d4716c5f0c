# SPDX-License-Identifier: Apache-2.0
"""Zone records that whatever reads them must accept or refuse alike; the files lie in data/records."""

from __future__ import annotations

import json
from pathlib import Path

from checkout import DATA

RECORDS = DATA / "records"
COUNTRY = '{"type":"MultiPolygon","coordinates":[[[[-1,-1],[29,-1],[29,29],[-1,29],[-1,-1]]]]}'


def geometries(name: str) -> dict[str, str]:
    """GeoJSON texts by what is special about them; some of the invalid ones are not JSON."""
    lines = (RECORDS / f"{name}_geometries.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines)


def line(number: int, geometry: str = "null", **values: object) -> str:
    """The record of a city as JSON with this text as its geometry, without line feed."""
    record = {
        "id": number,
        "osm_id": f"relation:{900 + number}",
        "admin_level": 8,
        "zone_type": "city",
        "name": f"Town {number}",
        "loc_name": "",
        "alt_name": "",
        "label": f"Town {number}",
        "international_labels": {},
        "zip_codes": [],
        "center": None,
        "bbox": None,
        "tags": {},
        "center_tags": {},
        "parent": 0,
        "wikidata": None,
        "is_generated": False,
        "country_code": "DE",
        **values,
    }
    return f'{json.dumps(record)[:-1]}, "geometry": {geometry}}}'


def country() -> str:
    """The record of the country around the cities, number 0."""
    return line(0, COUNTRY, zone_type="country", admin_level=2, name="Landia", label="Landia", parent=None)


def square(west: float, south: float, size: float = 1.0) -> str:
    """The text of a square polygon."""
    east, north = west + size, south + size
    return json.dumps(
        {
            "type": "Polygon",
            "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
        }
    )


def write(path: Path, *lines: str) -> Path:
    """A file of these lines, or the one document of them where the name ends in .json."""
    text = f'{{"zones": [{", ".join(lines)}]}}' if path.name.endswith(".json") else "".join(f"{one}\n" for one in lines)
    path.write_text(text, encoding="utf-8")
    return path
