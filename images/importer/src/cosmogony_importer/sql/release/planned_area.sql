-- SPDX-License-Identifier: Apache-2.0
-- The area of the selected tiles: the outermost zones, cut to the boxes and into small pieces, which are fast to query.
-- @shown@ contains the zones with the geometry of the highest selected zoom.
CREATE TEMPORARY TABLE planned_area ON COMMIT DROP AS
SELECT ST_Subdivide(ST_ClipByBox2D(shown.geometry, box.shape::box2d), 128) AS geometry
FROM zones AS zone
JOIN @shown@ AS shown ON shown.id = zone.id
JOIN (SELECT unnest(@boxes@) AS shape) AS box ON shown.geometry && box.shape
WHERE (@country@::text IS NULL OR zone.country_code = @country@)
  AND NOT EXISTS (
      SELECT FROM zones AS above
      WHERE above.id = zone.parent AND (@country@::text IS NULL OR above.country_code = @country@)
  );
CREATE INDEX planned_area_geometry ON planned_area USING gist (geometry);
ANALYZE planned_area;
