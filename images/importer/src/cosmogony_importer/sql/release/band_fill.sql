-- SPDX-License-Identifier: Apache-2.0
-- The zones of one chunk, their shared borders simplified together. Neighbours from other chunks take part but are
-- not stored, so that a border between two chunks is the same in both. The order by id makes both chunks take that
-- border from the same zone, in the same direction.
-- Islands and holes below @speck@ are left out, except the largest part of a zone, parts that border another zone, and
-- holes that contain a zone.
CREATE TEMPORARY TABLE band_simplified ON COMMIT DROP AS
SELECT id, name, admin_level, zone_type, min_zoom, own, simplified
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
WHERE NOT ST_IsEmpty(simplified);

CREATE TEMPORARY TABLE band_rings ON COMMIT DROP AS
SELECT zone.id, zone.own, part.path[1] AS part, ring.path[1] AS ring, ring.geom AS shape, area < @speck@ AS small,
       ring.path[1] = 0
       AND row_number() OVER (PARTITION BY zone.id, ring.path[1] = 0 ORDER BY area DESC, part.path[1]) = 1 AS largest
FROM band_simplified AS zone, ST_Dump(zone.simplified) AS part, ST_DumpRings(part.geom) AS ring, ST_Area(ring.geom) AS area;
ANALYZE band_rings;

CREATE TEMPORARY TABLE band_specks ON COMMIT DROP AS
SELECT speck.id, speck.part, speck.ring
FROM band_rings AS speck
WHERE speck.own AND speck.small AND speck.ring > 0 AND NOT EXISTS (
    SELECT FROM band_rings AS other WHERE other.id <> speck.id AND other.ring = 0 AND other.shape @ speck.shape)
UNION ALL
SELECT speck.id, speck.part, speck.ring
FROM band_rings AS speck
WHERE speck.own AND speck.small AND speck.ring = 0 AND NOT speck.largest AND (speck.id, speck.part) NOT IN (
    SELECT near.id, near.part
    FROM (
        SELECT ring.id, ring.part, point.geom
        FROM band_rings AS shell
        JOIN band_rings AS ring USING (id, part), ST_DumpPoints(ring.shape) AS point
        WHERE shell.own AND shell.small AND shell.ring = 0 AND NOT shell.largest
    ) AS near
    JOIN (
        SELECT ring.id, point.geom FROM band_rings AS ring, ST_DumpPoints(ring.shape) AS point
    ) AS far ON far.geom = near.geom AND far.id <> near.id);
ANALYZE band_specks;

INSERT INTO @table@ (id, name, admin_level, zone_type, min_zoom, geometry)
SELECT zone.id, zone.name, zone.admin_level, zone.zone_type, zone.min_zoom,
       ST_SetSRID(ST_Multi(coalesce(seen.geometry, zone.simplified)), 3857)
FROM band_simplified AS zone
LEFT JOIN (
    SELECT id, ST_Collect(shape ORDER BY part) AS geometry
    FROM (
        SELECT ring.id, ring.part, ST_MakePolygon(
                   (array_agg(ST_ExteriorRing(ring.shape)) FILTER (WHERE ring.ring = 0))[1],
                   coalesce(array_agg(ST_ExteriorRing(ring.shape) ORDER BY ring.ring) FILTER (WHERE ring.ring > 0), '{}')
               ) AS shape
        FROM band_rings AS ring
        WHERE ring.id IN (SELECT id FROM band_specks)
          AND NOT EXISTS (
              SELECT FROM band_specks AS speck
              WHERE speck.id = ring.id AND speck.part = ring.part AND speck.ring IN (0, ring.ring))
        GROUP BY ring.id, ring.part
    ) AS parts
    GROUP BY id
) AS seen USING (id)
WHERE zone.own;
