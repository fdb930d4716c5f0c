# SPDX-License-Identifier: Apache-2.0
"""Reading zones of one release and giving them the shape that clients know."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from cosmogony_api.database import Reader
from cosmogony_api.releases import Release

MAX_ID = 2**63 - 1
OSM_SITE = "https://www.openstreetmap.org/"

_COLUMNS = sql.SQL("""
    z.id, z.name, z.parent, z.zone_type, z.osm_id, z.wikidata, z.admin_level,
    (select count(*) from {zones} c where c.parent = z.id) as nb_children
""")
# Across the antimeridian west is greater than east; as a polygon its eastern side then lies beyond 180.
_BBOX = sql.SQL("""
    (select ST_AsGeoJSON(ST_Envelope(ST_MakeEnvelope(
        b.west, b.south, case when b.west > b.east then b.east + 360 else b.east end, b.north, 4326)), 9)::json
     from {boxes} b where b.zone_id = z.id) as bbox
""")
# A database of the original importer has no boxes.
_ENVELOPE = sql.SQL("""
    case when z.geometry is null or ST_IsEmpty(z.geometry) then null
         else ST_AsGeoJSON(ST_Transform(ST_SetSRID(ST_Envelope(z.geometry), 3857), 4326), 9)::json
    end as bbox
""")
_ONE = sql.SQL("select {columns}, {bbox} from {zones} z where z.id = %(id)s")
_BY_OSM_ID = sql.SQL("""
select {columns}, {bbox} from {zones} z where z.osm_id = any(%(osm_ids)s)
order by z.osm_id <> %(osm_id)s, z.geometry is null, z.id limit 1
""")
_CHILDREN = sql.SQL("select {columns} from {zones} z where z.parent = %(id)s order by z.name, z.id")
# Nearest first; ends before any zone would be repeated.
_PARENTS = sql.SQL("""
with recursive up as (
    select p.id, p.parent, 1 as step, array[%(id)s::bigint, p.id] as seen
    from {zones} p where p.id = %(parent)s and p.id <> %(id)s
    union all
    select p.id, p.parent, up.step + 1, up.seen || p.id
    from up join {zones} p on p.id = up.parent
    where p.id <> all (up.seen)
)
select {columns} from up join {zones} z on z.id = up.id order by up.step
""")


def by_id(connection: Reader, release: Release, zone_id: str) -> dict[str, Any] | None:
    """Find a zone by the digits of its id."""
    if not zone_id.isascii() or not zone_id.isdigit() or len(zone_id.lstrip("0")) > 19 or int(zone_id) > MAX_ID:
        return None
    row = connection.execute(_query(_ONE, release), {"id": int(zone_id)}).fetchone()
    return None if row is None else _zone(row)


def by_osm_id(connection: Reader, release: Release, osm_id: str) -> dict[str, Any] | None:
    """Find a zone by its OSM id; of several the one with a geometry."""
    if "\x00" in osm_id:
        return None
    # Very old files write relations as plain numbers.
    other = osm_id.removeprefix("relation:") if osm_id.startswith("relation:") else f"relation:{osm_id}"
    row = connection.execute(_query(_BY_OSM_ID, release), {"osm_id": osm_id, "osm_ids": [osm_id, other]}).fetchone()
    return None if row is None else _zone(row)


def children(connection: Reader, release: Release, zone: dict[str, Any]) -> list[dict[str, Any]]:
    """List the direct children of a zone by name."""
    return [_zone(row) for row in connection.execute(_query(_CHILDREN, release), {"id": zone["id"]})]


def parents(connection: Reader, release: Release, zone: dict[str, Any]) -> list[dict[str, Any]]:
    """List the parents of a zone, nearest first."""
    if zone["parent"] is None:
        return []
    values = {"id": zone["id"], "parent": zone["parent"]}
    return [_zone(row) for row in connection.execute(_query(_PARENTS, release), values)]


def _query(text: sql.SQL, release: Release) -> sql.Composed:
    zones = release.table("zones")
    bbox = _BBOX.format(boxes=release.table("zone_boxes")) if release.boxes else _ENVELOPE
    return text.format(zones=zones, columns=_COLUMNS.format(zones=zones), bbox=bbox)


def osm_link(osm_id: str | None) -> str | None:
    """Return the page of an OSM object; ids without a kind are relations."""
    if osm_id is None:
        return None
    return OSM_SITE + (osm_id.replace(":", "/") if ":" in osm_id else f"relation/{osm_id}")


def _zone(row: dict[str, Any]) -> dict[str, Any]:
    zone = {
        "id": row["id"],
        "name": row["name"],
        "parent": row["parent"],
        "zone_type": row["zone_type"],
        "osm_id": row["osm_id"],
        "osm_link": osm_link(row["osm_id"]),
        "wikidata": row["wikidata"],
        "admin_level": row["admin_level"],
        "nb_children": row["nb_children"],
    }
    if "bbox" in row:
        zone["bbox"] = row["bbox"]
    return zone
