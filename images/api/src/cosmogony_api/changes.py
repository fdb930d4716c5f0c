# SPDX-License-Identifier: Apache-2.0
"""What is different between the zones of two releases."""

from __future__ import annotations

from psycopg import sql

# Zones are compared by their osm_id, because ids differ between releases, and so do parents by that of the parent.
_CHANGES = sql.SQL("""
select change.kind as change, zone.osm_id, zone.zone_type, zone.name, zone.name_before, zone.parent, zone.parent_before,
       zone.area, zone.area_before, zone.percent, zone.id,
       (select array[b.west, b.south, b.east, b.north] from {after_boxes} b where b.zone_id = zone.id
        union all
        select array[b.west, b.south, b.east, b.north] from {before_boxes} b
        where b.zone_id = zone.id_before and zone.is_gone) as bbox
from (
    select coalesce(new.osm_id, old.osm_id) as osm_id, coalesce(new.zone_type, old.zone_type) as zone_type,
           new.id, old.id as id_before, new.name, old.name as name_before, new.parent, old.parent as parent_before,
           new.area, old.area as area_before,
           case when old.area > 0 then 100 * (new.area - old.area) / old.area end as percent,
           old.osm_id is null as is_new, new.osm_id is null as is_gone
    from (
        select z.id, z.osm_id, z.zone_type, z.name, z.area, p.osm_id as parent
        from {before} z left join {before} p on p.id = z.parent where z.osm_id is not null
    ) old full join (
        select z.id, z.osm_id, z.zone_type, z.name, z.area, p.osm_id as parent
        from {after} z left join {after} p on p.id = z.parent where z.osm_id is not null
    ) new on new.osm_id = old.osm_id
) zone
cross join lateral (values
    ('added', zone.is_new),
    ('removed', zone.is_gone),
    ('renamed', not zone.is_new and not zone.is_gone and zone.name is distinct from zone.name_before),
    ('moved', not zone.is_new and not zone.is_gone and zone.parent is distinct from zone.parent_before),
    ('area', not zone.is_new and not zone.is_gone and abs(zone.percent) > %(percent)s)
) change (kind, applies)
where change.applies
order by zone.osm_id, change.kind
limit %(limit)s
""")


def compose_changes_query(before: str, after: str) -> sql.Composed:
    """Return the query for what changed from one release to another; it takes the parameters `percent` and `limit`.

    Each row is one change of a zone: `added`, `removed`, `renamed` (another name), `moved` (another parent) or `area`
    (larger or smaller by more than `percent`). There are at most `limit` rows; None stands for all.

    Args:
        before: schema of the earlier release.
        after: schema of the later release.
    """
    tables = {
        f"{name}{suffix}": sql.Identifier(schema, table)
        for name, schema in (("before", before), ("after", after))
        for suffix, table in (("", "zones"), ("_boxes", "zone_boxes"))
    }
    return _CHANGES.format(**tables)
