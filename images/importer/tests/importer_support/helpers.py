# SPDX-License-Identifier: Apache-2.0
"""Made-up zones with wiggly shared borders, and the command line as a function."""

from __future__ import annotations

import gzip
import io
import json
import math
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import minio
import psycopg
import pytest
from checkout import CHECKOUT
from cosmogony_importer import cli
from services import postgis

Zone = dict[str, Any]
ID = "20261122t221000-3f9ab2c1"


def expected_count(status: str, **more: Any) -> dict[str, Any]:
    """A row of the statistics."""
    row = {
        "country_code": "AA",
        "expected_max": 20.0,
        "expected_min": 10.0,
        "is_known_failure": None,
        "name": "Land",
        "test_status": status,
        "total": 16.0,
        "wikidata_id": "Q0",
        "wikidata_ontology": None,
        "zone_type": "city",
        "zone_type_local_name": None,
    }
    return row | more


def manifest_source(name: str) -> dict[str, Any]:
    """A source as a manifest has it."""
    return {"name": name, "url": f"http://download.example.org/{name}", "file": name, "size": 7, "zones": 17}


def manifest_inputs(**more: Any) -> dict[str, Any]:
    """The inputs of a release as a manifest has them."""
    images = {name: f"registry.example:5000/cosmogony/{name}:0123" for name in ("importer", "dashboard")}
    rules = {"rules": "0" * 64, "extractor": "1" * 64, "tiles_max_zoom": 8, "languages": ["en"], "as_original": False}
    return {"sources": [], **images, **rules, **more}


STATISTICS = [expected_count("ok")]


@dataclass
class Importer:
    server: postgis.Server
    database: str
    folder: Path
    capsys: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def connect(self, **more: Any) -> psycopg.Connection:
        return self.server.connect(self.database, **more)

    def run(self, *arguments: object, code: int = 0) -> str:
        """Run a command; its exit code must be as said. Returns what it printed."""
        self.capsys.readouterr()
        words = [str(argument) for argument in arguments]
        if words and words[0] not in ("import_data", "import-data", "--help"):
            words += ["--outputs", str(self.folder / "outputs")]
        got = cli.main(words)
        self.out, self.err = self.capsys.readouterr()
        assert got == code, f"{words}: exit {got}, wanted {code}\n{self.out}\n{self.err}"
        return self.out + self.err

    def output(self, name: str) -> str:
        return (self.folder / "outputs" / name).read_text()

    def load(self, path: Path) -> str:
        """Load a file as a release and return its id."""
        before = {release["id"] for release in self.list()}
        self.run("import_data", path)
        (new,) = {release["id"] for release in self.list()} - before
        return new

    def list(self) -> list[dict[str, Any]]:
        self.run("list", "--json")
        return json.loads(self.out)

    def live(self) -> str | None:
        return next((release["id"] for release in self.list() if release["live"]), None)


@dataclass
class Bucket:
    client: minio.Minio
    name: str

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(self.name, key, io.BytesIO(data), len(data))

    def get(self, key: str) -> Any:
        response = self.client.get_object(self.name, key)
        try:
            return json.loads(response.read())
        finally:
            response.close()
            response.release_conn()

    def keys(self, prefix: str = "") -> list[str]:
        return sorted(one.object_name for one in self.client.list_objects(self.name, prefix=prefix, recursive=True))

    def release(
        self,
        zones: list[dict],
        release: str = ID,
        count: int | None = None,
        statistics: list[dict] = STATISTICS,
        **manifest: Any,
    ) -> None:
        lines = "".join(json.dumps(one) + "\n" for one in zones).encode()
        self.put(f"releases/{release}/zones.jsonl.gz", gzip.compress(lines))
        self.put(f"releases/{release}/test_results.json", json.dumps(statistics).encode())
        self.put(
            f"releases/{release}/manifest.json",
            json.dumps(
                {
                    "id": release,
                    "inputs_digest": "3f9ab2c1",
                    "state": "merged",
                    "sources": [manifest_source("land.osm.pbf")],
                    "counts": {"zones": len(zones) if count is None else count},
                    **manifest,
                }
            ).encode(),
        )


class Zones:
    """Writes files of zones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, zones: list[Zone], name: str = "zones.jsonl.gz") -> Path:
        path = self.folder / name
        lines = "".join(json.dumps(zone, ensure_ascii=False) + "\n" for zone in zones)
        text = lines if ".jsonl" in name else json.dumps({"meta": {"stats": [1, "}"]}, "zones": zones, "end": None})
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    def grid(self, name: str = "zones.jsonl.gz", **options: Any) -> Path:
        return self.write(grid(**options), name)


def square(west: float, south: float, east: float, north: float) -> Zone:
    return {
        "type": "MultiPolygon",
        "coordinates": [[[[west, south], [east, south], [east, north], [west, north], [west, south]]]],
    }


def zone(
    id_: int,
    name: str,
    kind: str,
    level: int | None,
    geometry: Zone | None,
    parent: int | None = None,
    country: str | None = "AA",
    **more: Any,
) -> Zone:
    return {
        "id": id_,
        "osm_id": f"relation:{900000 + id_}",
        "admin_level": level,
        "zone_type": kind,
        "name": name,
        "parent": parent,
        "wikidata": f"Q{id_}",
        "geometry": geometry,
        "country_code": country,
        "label": name,
        "tags": {"name": name},
        **more,
    }


def grid(
    size: int = 4,
    mark: str = "",
    west: float = 0.0,
    south: float = 0.0,
    step: float = 1.0,
    country: str = "AA",
    first: int = 0,
    points: int = 24,
) -> list[Zone]:
    """A country of size x size cities whose borders wiggle; neighbours share every vertex of their border."""
    random_ = random.Random(f"{west} {south} {size}")
    edges: dict[tuple[int, int, int], list[list[float]]] = {}

    def edge(x: int, y: int, across: int) -> list[list[float]]:
        """The border from a corner to the east (across 0) or to the north (across 1)."""
        if (x, y, across) not in edges:
            line = []
            for n in range(points + 1):
                along = n / points
                wave = math.sin(n * 1.3 + x + y) + random_.uniform(-0.3, 0.3)
                aside = 0.08 * math.sin(along * math.pi) * wave if 0 < n < points else 0.0
                a, b = (along, aside) if across == 0 else (aside, along)
                line.append([round(west + (x + a) * step, 7), round(south + (y + b) * step, 7)])
            edges[x, y, across] = line
        return edges[x, y, across]

    cities = []
    for y in range(size):
        for x in range(size):
            ring = edge(x, y, 0)[:-1] + edge(x + 1, y, 1)[:-1] + edge(x, y + 1, 0)[:0:-1] + edge(x, y, 1)[:0:-1]
            cities.append({"type": "MultiPolygon", "coordinates": [[[*ring, ring[0]]]]})
    outer = (
        [point for x in range(size) for point in edge(x, 0, 0)[:-1]]
        + [point for y in range(size) for point in edge(size, y, 1)[:-1]]
        + [point for x in reversed(range(size)) for point in edge(x, size, 0)[:0:-1]]
        + [point for y in reversed(range(size)) for point in edge(0, y, 1)[:0:-1]]
    )
    land = zone(
        first,
        f"Land{mark}",
        "country",
        2,
        {"type": "MultiPolygon", "coordinates": [[[*outer, outer[0]]]]},
        country=country,
    )
    return [land] + [
        zone(first + 1 + n, f"City {n}{mark}", "city", 8, shape, parent=first, country=country)
        for n, shape in enumerate(cities)
    ]


def tile_of(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    x = (longitude + 180) / 360
    y = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
    return int(x * 2**zoom), int(y * 2**zoom)


def tile(connection: psycopg.Connection, z: int, x: int, y: int, release: str | None = None) -> bytes | None:
    query = json.dumps({"v": release} if release else {})
    row = connection.execute("SELECT public.cosmogony(%s, %s, %s, %s)", (z, x, y, query)).fetchone()
    return None if row[0] is None else bytes(row[0])


def features(mvt: bytes | None) -> dict[int, dict[str, Any]]:
    """The features of the layer vector-zones by id, y downwards as in the tile."""
    if mvt is None:
        return {}
    layers = mapbox_vector_tile.decode(mvt, default_options={"y_coord_down": True})
    assert list(layers) == ["vector-zones"]
    layer = layers["vector-zones"]
    assert layer["extent"] == 4096
    assert layer["version"] == 2
    return {feature["id"]: feature for feature in layer["features"]}


def extract_zones(extract: Path, target: Path, country: str) -> Path:
    """The zones file of the extractor in this checkout."""
    if not extract.exists():
        pytest.skip(f"{extract} is not there")
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "images/cosmogony/src")}
    done = subprocess.run(
        [sys.executable, "-m", "cosmogony", "generate", "-i", extract, "-o", target, "--country-code", country],
        text=True,
        capture_output=True,
        check=False,
        env=environment,
    )
    if done.returncode == 1 and "No module named" in done.stderr:
        pytest.skip(f"the extractor cannot run here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return target
