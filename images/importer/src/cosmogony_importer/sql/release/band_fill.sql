-- SPDX-License-Identifier: Apache-2.0
-- The zones of one chunk, their shared borders simplified together. The neighbours from other chunks take part but
-- are not stored: so a border between two chunks comes out the same in both. The order by id sees to it that both
-- take that border from the same zone, in the same direction.
INSERT INTO @table@ (id, name, admin_level, zone_type, min_zoom, geometry)
SELECT id, name, admin_level, zone_type, min_zoom, ST_SetSRID(ST_Multi(simplified), 3857)
FROM (
    SELECT zone.id, zone.name, zone.admin_level, zone.zone_type, @min_zoom@ AS min_zoom, together.own,
           ST_CoverageSimplify(ST_CollectionExtract(zone.geometry, 3), @tolerance@) OVER (ORDER BY zone.id) AS simplified
    FROM @source@ AS zone
    JOIN (
        SELECT other.id, bool_or(other.chunk = @chunk@) AS own
        FROM band_chunks AS inner_one
        JOIN band_chunks AS other ON other.kind = inner_one.kind AND other.box && inner_one.box
        WHERE inner_one.chunk = @chunk@
        GROUP BY other.id
    ) AS together ON together.id = zone.id
) AS made
WHERE own AND NOT ST_IsEmpty(simplified);
