-- SPDX-License-Identifier: Apache-2.0
-- Per cent of each zone's area that are outside its parent; null for zones without area: points, lines, and generated
-- zones that rounding made smaller than one unit of the map (a square metre at the equator).

SELECT child.id, child.parent, child.osm_id, child.name,
       coalesce(child.country_code, '') AS country, coalesce(child.zone_type, '') AS type,
       coalesce(child.osm_id LIKE 'node:%%', false) AS generated,
       above.osm_id AS parent_osm_id, above.name AS parent_name,
       CASE WHEN child.id = above.id OR ST_CoveredBy(child.geometry, above.geometry) THEN 0
            WHEN ST_Area(child.geometry) > 1 THEN
                100 * (1 - ST_Area(ST_Intersection(child.geometry, above.geometry)) / ST_Area(child.geometry))
       END AS share
FROM (SELECT * FROM sampled_children WHERE (parent, id) > (%(parent)s, %(id)s) ORDER BY parent, id LIMIT @limit@) AS next
JOIN @zones@ child ON child.id = next.id
JOIN @zones@ above ON above.id = next.parent
ORDER BY child.parent, child.id;
