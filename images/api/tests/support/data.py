# SPDX-License-Identifier: Apache-2.0
"""A small made-up country, loaded and published by the real importer."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Mapping
from typing import Any

from cosmogony_importer.load import loader
from cosmogony_importer.releases import catalog, migrations, switch
from cosmogony_steps.zonefiles import ZoneFormat
from psycopg import sql
from services import postgis
from services.connections import find_database

OLD = "20260101t000000-00000001"
NEW = "20260202t000000-00000002"
URLS = {  # as a manifest may have them, and as shown
    "https://user:hush@download.example.org/a/a.osm.pbf?token=hush#hush": "https://download.example.org/a/a.osm.pbf",
    "http://10.96.0.22/li.osm.pbf?hush": "li.osm.pbf",
    "http://mirror/li.osm.pbf": "li.osm.pbf",
    "http://samples.geo.svc/li.osm.pbf": "li.osm.pbf",
    "http://93.184.215.14/li.osm.pbf": "http://93.184.215.14/li.osm.pbf",
    "s3://bucket/extracts/li.osm.pbf": "li.osm.pbf",
    "file:///volume/li.osm.pbf": "li.osm.pbf",
    "https://[hush/li.osm.pbf": "",
}
SHOWN_URLS = list(URLS.values())
MANIFEST: dict[str, Any] = {
    "format": 1,
    "inputs_digest": "2" * 64,
    "sources": [
        {"name": "li.osm.pbf", "url": url, "file": "li-261122.osm.pbf", "size": 592570, "zones": 1} for url in URLS
    ],
    "inputs": {
        "importer": "registry.example:5000/cosmogony/importer:0123",
        "dashboard": "registry.example:5000/cosmogony/dashboard:4567",
        "sources": [{"name": "a.osm.pbf", "url": "s3://bucket/a.osm.pbf", "sha256": "3" * 64}],
        "rules": "4" * 64,
        "extractor": "5" * 64,
        "languages": ["fr"],
        "tiles_max_zoom": 8,
    },
    "counts": {"zones": 9},
    "left_out": [{"reason": "no_name", "country_code": "AA", "admin_level": 8, "count": 1, "examples": ["relation:1"]}],
}
STATISTICS = [
    {
        "country_code": "AA", "expected_max": 19.0, "expected_min": 17.0, "is_known_failure": None, "name": "Åland",
        "test_status": "ok", "total": 18.0, "wikidata_id": "Q900001", "wikidata_ontology": None, "zone_type": "state",
        "zone_type_local_name": "province",
    }
]  # fmt: skip


def square(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """A rectangle in lon/lat."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "MultiPolygon", "coordinates": [[ring]]}


def zone(number: int, name: str, kind: str, parent: int | None, shape: Any, **more: Any) -> dict[str, Any]:
    """One zone as the extractor writes it."""
    return {
        "id": number, "parent": parent, "name": name, "admin_level": None, "zone_type": kind, "wikidata": None,
        "osm_id": f"relation:{900000 + number}", "geometry": shape, "country_code": "AA", **more,
    }  # fmt: skip


def zones(country: str = "Ælandia") -> list[dict[str, Any]]:
    """The country: 7 > 41 Brumel > 52 Old Port, and odd ones."""
    return [
        zone(7, country, "country", None, square(0, 0, 10, 10), admin_level=2, wikidata="Q900007"),
        zone(
            41,
            "Brumel",
            "city",
            7,
            square(2, 2, 5, 5),
            admin_level=8,
            wikidata="Q900041",
            label="Brumel",
            tags={"name:fr": "Brumelle", "population": "5"},
            zip_codes=["1234"],
            international_labels={"fr": "Brumelle"},
        ),
        zone(42, "Zell", "city", 7, square(6, 6, 7, 7), admin_level=8),
        zone(43, "Amt", "city", 7, square(8, 8, 9, 9), admin_level=8),
        zone(52, "Old Port", "suburb", 41, square(3, 3, 4, 4), osm_id="node:900052"),
        # of one OSM object: first a point, then an area
        zone(60, "Double", "suburb", 41, square(3, 3, 4, 4), osm_id="900060"),
        zone(61, "Point", "suburb", 999, square(1, 1, 2, 2), osm_id="node:900061"),
        # a cycle and a zone in itself
        zone(70, "Ring A", "suburb", 71, square(1, 1, 1.5, 1.5)),
        zone(71, "Ring B", "suburb", 70, square(1, 1, 1.5, 1.5)),
        zone(72, "Ego", "suburb", 72, square(1, 1, 1.5, 1.5)),
    ]


POINTS = {60: (3, 3), 61: (1.123456789, 1)}  # zones that are points, which the original importer stored


_COPIES = sql.SQL("""
insert into {zones} (id, parent, name, zone_type, osm_id, country_code, geometry, label)
select 1000 + n, 42, 'Copy ' || n, 'suburb', 'node:' || 1000 + n, 'AA', geometry, 'Copy, Zell'
from {zones}, generate_series(1, %(copies)s) as n where id = 42
""")


def manifest_with(*attributions: list[dict[str, str]] | None) -> dict[str, Any]:
    """A manifest with one source per attribution; None stands for a source without one."""
    sources = [
        {"name": f"{number}.osm.pbf", "url": f"https://a.example/{number}.osm.pbf", "sha256": "3" * 64}
        | ({"attribution": attribution} if attribution else {})
        for number, attribution in enumerate(attributions)
    ]
    return {**MANIFEST, "inputs": {**MANIFEST["inputs"], "sources": sources}}


def publish(
    server: postgis.Server,
    database: str,
    release: str,
    rows: list[dict[str, Any]],
    manifest: Mapping[str, Any] = MANIFEST,
    prepared: bool = True,
    copies: int = 0,
) -> None:
    """Load zones as a release, with statistics, and make it live; with this number of further zones of the country."""
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    source = loader.ZoneStream(io.BytesIO(gzip.compress(lines.encode())), ZoneFormat.JSONL_GZ, "made-up zones")
    settings = find_database(server.environment(database))
    with server.connect(database) as connection:
        migrations.migrate_database(connection)
        loader.load_release(settings, connection, release, source, document={"id": release, **manifest}, jobs=1)
        store = catalog.get_release(connection, release)
        catalog.replace_release_document(connection, store.schema_name, "statistics", STATISTICS)
        for number, place in POINTS.items():
            connection.execute(
                f"UPDATE {store.schema_name}.zones SET geometry = "
                "ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326), 3857) WHERE id = %s",
                (*place, number),
            )
            connection.execute(
                f"UPDATE {store.schema_name}.zone_boxes SET (west, south, east, north) = (%s, %s, %s, %s) "
                "WHERE zone_id = %s",
                (*place, *place, number),
            )
        connection.execute(
            sql.SQL("delete from {} where zone_id = any (%s)").format(store.qualify_table("zone_pieces")),
            (list(POINTS),),
        )
        if not prepared:  # as an earlier version loaded it
            connection.execute(sql.SQL("drop table {} cascade").format(store.qualify_table("zone_pieces")))
        if copies:
            connection.execute(_COPIES.format(zones=store.qualify_table("zones")), {"copies": copies})
            connection.execute(sql.SQL("analyze {}").format(store.qualify_table("zones")))
        switch.switch_live_release(connection, store, "publish")
