-- SPDX-License-Identifier: Apache-2.0
-- Releases that were loaded without boxes compute them when they are asked for; new ones have a table (sql/release).

CREATE VIEW zone_boxes AS
SELECT zone.id AS zone_id, box.west, box.south, box.east, box.north
FROM zones AS zone, LATERAL cosmogony_catalog.zone_box(zone.geometry) AS box
WHERE box.west IS NOT NULL;
COMMENT ON VIEW zone_boxes IS 'Boxes of the zones in degrees; west is greater than east across the antimeridian';
