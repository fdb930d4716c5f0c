# SPDX-License-Identifier: Apache-2.0
"""Queries for the zones of one release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from psycopg import sql
from psycopg.rows import class_row

from cosmogony_api.database import Reader
from cosmogony_api.models import Zone, ZoneWithBbox
from cosmogony_api.releases import SelectedRelease

ZoneT = TypeVar("ZoneT", Zone, ZoneWithBbox)

MAX_ID = 2**63 - 1

# The column osm_id is KIND:NUMBER; in very old files a relation's is its number only.
_COLUMNS = sql.SQL("""
    z.id, z.name, z.parent, z.zone_type, z.osm_id, z.wikidata, z.admin_level,
    'https://www.openstreetmap.org/' || case when strpos(z.osm_id, ':') > 0 then replace(z.osm_id, ':', '/')
                                             else 'relation/' || z.osm_id end as osm_link,
    (select count(*) from {zones} c where c.parent = z.id) as nb_children
""")
# Of a box across the antimeridian west is greater than east; its polygon gets an eastern side beyond 180 degrees.
_BBOX = sql.SQL("""
    (select ST_AsGeoJSON(ST_Envelope(ST_MakeEnvelope(
        b.west, b.south, case when b.west > b.east then b.east + 360 else b.east end, b.north, 4326)), 9)::json
     from {boxes} b where b.zone_id = z.id) as bbox
""")
# The original importer stored no boxes: there, the envelope of the geometry becomes the box.
_ENVELOPE = sql.SQL("""
    case when z.geometry is null or ST_IsEmpty(z.geometry) then null
         else ST_AsGeoJSON(ST_Transform(ST_SetSRID(ST_Envelope(z.geometry), 3857), 4326), 9)::json
    end as bbox
""")
_BY_ID = sql.SQL("select {columns}, {bbox} from {zones} z where z.id = %(id)s")
_BY_OSM_ID = sql.SQL("""
select {columns}, {bbox} from {zones} z where z.osm_id = any(%(osm_ids)s)
order by z.osm_id <> %(osm_id)s, z.geometry is null, z.id limit 1
""")
_CHILDREN = sql.SQL("select {columns} from {zones} z where z.parent = %(id)s order by z.name, z.id")
# All parents of a zone, nearest first. Damaged data may make a circle of them: the list ends before a zone repeats.
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


def find_zone(connection: Reader, release: SelectedRelease, zone_id: str) -> ZoneWithBbox | None:
    """Return the zone with this id, or None; also if the text is not a number."""
    if not zone_id.isascii() or not zone_id.isdigit() or len(zone_id.lstrip("0")) > 19 or int(zone_id) > MAX_ID:
        return None
    return next(_fetch(connection, release, ZoneWithBbox, _BY_ID, id=int(zone_id)), None)


def find_zone_by_osm_id(connection: Reader, release: SelectedRelease, osm_id: str) -> ZoneWithBbox | None:
    """Return the zone of an OSM object, such as `relation:48`, or None; of several, one that has a geometry."""
    if "\x00" in osm_id:
        return None
    # In very old files the OSM id of a relation is its number only.
    other = osm_id.removeprefix("relation:") if osm_id.startswith("relation:") else f"relation:{osm_id}"
    return next(_fetch(connection, release, ZoneWithBbox, _BY_OSM_ID, osm_id=osm_id, osm_ids=[osm_id, other]), None)


def list_children(connection: Reader, release: SelectedRelease, zone: Zone) -> list[Zone]:
    """Return the direct children of a zone, sorted by name."""
    return list(_fetch(connection, release, Zone, _CHILDREN, id=zone.id))


def list_ancestors(connection: Reader, release: SelectedRelease, zone: Zone) -> list[Zone]:
    """Return all parents of a zone, nearest first."""
    return list(_fetch(connection, release, Zone, _PARENTS, id=zone.id, parent=zone.parent))


def _fetch(
    connection: Reader,
    release: SelectedRelease,
    kind: type[ZoneT],
    query: sql.SQL,
    **values: int | str | list[str] | None,
) -> Iterator[ZoneT]:
    zones = release.qualify_table("zones")
    bbox = _BBOX.format(boxes=release.qualify_table("zone_boxes")) if release.boxes else _ENVELOPE
    composed = query.format(zones=zones, columns=_COLUMNS.format(zones=zones), bbox=bbox)
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        yield from cursor.execute(composed, values)
