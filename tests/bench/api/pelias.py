# SPDX-License-Identifier: Apache-2.0
"""Pelias' admin lookup over the zones of a release. It is not part of this project; see docs/performance.md."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import shapely
from services import UnavailableError
from side import measure_processor

# Who's On First has no word for our types; those that Pelias looks up from the smallest to the largest:
# https://github.com/whosonfirst/whosonfirst-placetypes
PLACETYPES = {
    "suburb": "neighbourhood",
    "city_district": "borough",
    "city": "locality",
    "state_district": "macrocounty",
    "state": "region",
    "country_region": "macroregion",
    "country": "country",
}
TABLES = """
CREATE TABLE geojson (id INTEGER, body TEXT, is_alt INTEGER);
CREATE TABLE spr (
  id INTEGER, name TEXT, placetype TEXT, latitude REAL, longitude REAL, is_deprecated INTEGER, is_superseded INTEGER
);
"""
COLUMNS = ("wof:id", "wof:name", "wof:placetype", "geom:latitude", "geom:longitude")


@dataclass
class Lookup:
    """A running lookup.

    Attributes:
        process: Node.js, which starts one process for each type.
        load_seconds: from the zones to the first answer.
    """

    process: subprocess.Popen[str]
    load_seconds: float = 0

    def find_smallest(self, points: Sequence[tuple[float, float]]) -> list[int | None]:
        """Return, for points with the longitude first, the id of the smallest zone that holds each."""
        pipe_in, pipe_out = self.process.stdin, self.process.stdout
        if pipe_in is None or pipe_out is None:
            raise RuntimeError("the lookup has no pipes")
        pipe_in.write(json.dumps(points) + "\n")
        pipe_in.flush()
        # Its log goes to standard output too, one JSON object a line.
        while line := pipe_out.readline():
            if line.startswith("["):
                return cast("list[int | None]", json.loads(line))
        raise RuntimeError(f"the lookup ended with {self.process.wait(10)}")

    def measure_processor(self) -> float:
        """Seconds of processor that it has used so far."""
        return measure_processor([self.process.pid])


@contextmanager
def start_pelias(zones: list[dict[str, Any]], folder: Path) -> Iterator[Lookup]:
    """Write zones as Who's On First data and start the lookup over them.

    Args:
        zones: with geometry, as the extractor writes them.
        folder: for its files.

    Raises:
        UnavailableError: the variable PELIAS names no folder with pelias-wof-admin-lookup in its node_modules.
    """
    modules = Path(os.environ.get("PELIAS", "")) / "node_modules"
    if not os.environ.get("PELIAS") or not (modules / "pelias-wof-admin-lookup").is_dir():
        raise UnavailableError("no pelias-wof-admin-lookup: set PELIAS to the folder in which npm installed it")
    begun = time.monotonic()
    write_data(zones, folder)
    config = folder / "pelias.json"
    config.write_text(json.dumps({"imports": {"adminLookup": {}, "whosonfirst": {"datapath": str(folder)}}}))
    with (folder / "pelias.log").open("w") as log:
        process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("pelias_lookup.cjs"))],
            env={**os.environ, "PELIAS_CONFIG": str(config), "NODE_PATH": str(modules)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    try:
        lookup = Lookup(process)
        lookup.find_smallest([(0, 0)])
        lookup.load_seconds = time.monotonic() - begun
        yield lookup
    finally:
        process.communicate(timeout=60)


def write_data(zones: list[dict[str, Any]], folder: Path) -> None:
    """Write the database that Pelias reads; zones of a type that it does not know are left out."""
    (folder / "sqlite").mkdir()
    known = {zone["id"]: zone for zone in zones if zone["zone_type"] in PLACETYPES}
    with closing(sqlite3.connect(folder / "sqlite/whosonfirst-data-admin-latest.db")) as database, database:
        database.executescript(TABLES)
        for zone in known.values():
            feature = _make_feature(zone, known)
            row = [feature["properties"][name] for name in COLUMNS]
            database.execute("INSERT INTO geojson VALUES (?, ?, 0)", (feature["id"], json.dumps(feature)))
            database.execute("INSERT INTO spr VALUES (?, ?, ?, ?, ?, 0, 0)", row)


def _make_feature(zone: dict[str, Any], known: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """Return a zone as Who's On First has it. Ids are one more than those of the extractor, since 0 is none there."""
    shape = shapely.from_geojson(json.dumps(zone["geometry"]))
    center = shape.representative_point()
    hierarchy: dict[str, int] = {}
    above: dict[str, Any] | None = zone
    while above:
        hierarchy[f"{PLACETYPES[above['zone_type']]}_id"] = above["id"] + 1
        above = known.get(above["parent"])
    properties = {
        "wof:id": zone["id"] + 1,
        "wof:name": zone["name"],
        "wof:placetype": PLACETYPES[zone["zone_type"]],
        "wof:hierarchy": [hierarchy],
        "geom:latitude": center.y,
        "geom:longitude": center.x,
        "geom:bbox": ",".join(map(str, shape.bounds)),
    }
    return {"id": zone["id"] + 1, "type": "Feature", "properties": properties, "geometry": zone["geometry"]}
