# SPDX-License-Identifier: Apache-2.0
"""Real zones: what the extractor makes of Luxembourg, loaded, checked, tiled."""

from __future__ import annotations

import gzip
import json
from itertools import combinations
from pathlib import Path

import psycopg
import pytest
import shapely
import shapely.geometry
from checkout import DATA
from importer_support.helpers import Importer, extract_zones, features, tile, tile_of

EXTRACT = DATA / "luxembourg_filtered.osm.pbf"
PLACES = {"Luxembourg": (6.13, 49.61), "Esch-sur-Alzette": (5.98, 49.495), "Clervaux": (6.03, 50.055)}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extract_zones(EXTRACT, tmp_path_factory.mktemp("luxembourg") / "zones.jsonl.gz", "lu")


@pytest.mark.parametrize(
    ("extract", "country", "generated"),
    [
        ("luxembourg_filtered.osm.pbf", "lu", 0),
        ("liechtenstein-2013-08-03.osm.pbf", "li", 1),
    ],
)
def test_real_zones_are_inside_their_parents(
    importer: Importer, tmp_path: Path, extract: str, country: str, generated: int
) -> None:
    """Those that are generated around place nodes, too: they are cut to their parent."""
    release = importer.load(extract_zones(DATA / extract, tmp_path / "zones.jsonl.gz", country))
    importer.run("gate", "--release", release, "--set=gate.max_outside=0")
    with importer.connect() as connection:
        figures, nodes = connection.execute(
            "SELECT gate -> 'figures' -> 'outside', (SELECT count(*) FROM "
            f"release_{release.replace('-', '_')}.zones WHERE osm_id LIKE 'node:%') FROM cosmogony_catalog.releases"
        ).fetchone()
    assert figures["checked"] == figures["children"] > 10
    assert figures["outside"] == 0, figures["worst"]
    assert nodes >= generated


def test_luxembourg(importer: Importer, db: psycopg.Connection, path: Path) -> None:
    with gzip.open(path, "rt") as lines:
        records = [json.loads(line) for line in lines]
    shapes = [record for record in records if record["geometry"]]
    release = importer.load(path)
    importer.run("tiles", "--release", release, "--max-zoom", 9)
    importer.run("gate", "--release", release)
    importer.run("publish", "--release", release)
    rows = db.execute(
        "SELECT id, parent, name, admin_level, zone_type, osm_id, wikidata, country_code, "
        "ST_Area(ST_Transform(geometry, 4326)), ST_IsValid(geometry) FROM public.zones"
    ).fetchall()
    assert len(rows) == len(shapes) > 190
    by_id = {record["id"]: record for record in shapes}
    for row in rows:
        record = by_id[row[0]]
        assert row[1:8] == tuple(
            record[key] for key in ("parent", "name", "admin_level", "zone_type", "osm_id", "wikidata", "country_code")
        )
        assert row[8] == pytest.approx(shapely.geometry.shape(record["geometry"]).area, rel=1e-6)
        assert row[9]
    manifest = db.execute("SELECT manifest -> 'counts' FROM cosmogony_release").fetchone()[0]
    assert manifest["zones"] == len(shapes)
    assert manifest["by_country"]["LU"]["state_district"] == 13
    for zoom in range(17):
        for name, place in PLACES.items():
            found = features(tile(db, zoom, *tile_of(*place, zoom), release))
            names = {feature["properties"]["name"] for feature in found.values()}
            assert "country" in {by_id[id_]["zone_type"] for id_ in found}
            if zoom >= 9:
                assert name in names, f"zoom {zoom}"
            for id_, feature in found.items():
                expected = {key: by_id[id_][key] for key in ("name", "admin_level", "zone_type")}
                assert feature["properties"] == {k: v for k, v in expected.items() if v is not None}


def test_communes_have_no_gaps(importer: Importer, db: psycopg.Connection, path: Path) -> None:
    """Neighbouring communes meet at every zoom; what rounding to the grid moves is thinner than a unit (1/16 pixel)."""
    release = importer.load(path)
    for zoom in range(9, 15):
        for place in PLACES.values():
            x, y = tile_of(*place, zoom)
            found = features(tile(db, zoom, x, y, release))
            communes = [
                shapely.geometry.shape(feature["geometry"])
                for feature in found.values()
                if feature["properties"].get("admin_level") == 8
            ]
            assert len(communes) > 1 or zoom > 11
            assert all(shapely.is_valid(shape) for shape in communes)
            for one, other in combinations(communes, 2):
                assert one.intersection(other).buffer(-0.5).is_empty, f"overlap in {zoom}/{x}/{y}"
            union = shapely.union_all(communes)
            holes = [shapely.Polygon(ring) for part in getattr(union, "geoms", [union]) for ring in part.interiors]
            assert all(hole.buffer(-0.5).is_empty for hole in holes), f"gap in {zoom}/{x}/{y}"
