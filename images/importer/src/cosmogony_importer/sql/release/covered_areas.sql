-- SPDX-License-Identifier: Apache-2.0
-- Numbers and areas of some zones in their country. Those of a country are compared one after another, so that its large
-- geometry is read and prepared once. Of a zone that is not inside, each piece is cut with those of the country, because
-- large geometries take long to cut; a piece may be invalid by rounding. Square degrees are weighted with the cosine of
-- their latitude. Without a zone of their country, zones count completely.
INSERT INTO covered_areas (country_code, zone_type, zones, area)
SELECT country_code, zone_type, count(*) FILTER (WHERE share >= 0.5), sum(area * share)
FROM (
    SELECT zone.country_code, zone.zone_type, zone.area,
           CASE WHEN zone.country IS NULL OR zone.zone_type = 'country' OR ST_Covers(zone.country, zone.geometry) THEN 1
                ELSE least(1, coalesce((
                    SELECT sum(ST_Area(inside) * cos(radians(ST_Y(ST_Centroid(inside)))))
                           / nullif(sum(ST_Area(whole) * cos(radians(ST_Y(ST_Centroid(whole))))), 0)
                    FROM (
                        SELECT piece.geometry AS whole, (
                            SELECT ST_Union(ST_Intersection(
                                CASE WHEN ST_IsValid(piece.geometry) THEN piece.geometry
                                     ELSE ST_MakeValid(piece.geometry) END,
                                CASE WHEN ST_IsValid(land.geometry) THEN land.geometry
                                     ELSE ST_MakeValid(land.geometry) END))
                            FROM zone_pieces AS land
                            WHERE land.geometry && piece.geometry AND land.zone_id = ANY (zone.country_zones)
                        ) AS inside
                        FROM zone_pieces AS piece
                        WHERE piece.zone_id = zone.id
                          AND piece.geometry && ST_Expand(ST_Transform(ST_Envelope(zone.geometry), 4326), 1e-6)
                        OFFSET 0  -- so that each piece is cut once
                    ) AS cut
                ), 0))
           END AS share
    FROM (
        SELECT zone.id, coalesce(zone.country_code, '') AS country_code, coalesce(zone.zone_type, '') AS zone_type,
               zone.area, zone.geometry, country.geometry AS country, country.zones AS country_zones
        FROM zones AS zone
        LEFT JOIN country_areas AS country ON country.country_code = zone.country_code
        WHERE zone.id = ANY (%(ids)s)
        ORDER BY zone.country_code
        OFFSET 0
    ) AS zone
    OFFSET 0  -- so that each zone is compared once
) AS compared
GROUP BY country_code, zone_type;
