-- SPDX-License-Identifier: Apache-2.0
-- Tiles of zoom @zoom@ that a zone touches, among the children of those of the zoom above.
-- @zones@ holds the zones as seen at the highest zoom that is stored; the box is the tile and 10 pixels around it.
CREATE TEMPORARY TABLE @target@ ON COMMIT DROP AS
SELECT child.x, child.y
FROM (
    SELECT parent.x * 2 + dx AS x, parent.y * 2 + dy AS y
    FROM @source@ AS parent, generate_series(0, 1) AS dx, generate_series(0, 1) AS dy
) AS child
WHERE EXISTS (
    SELECT FROM @zones@ AS zone
    WHERE zone.geometry && ST_Expand(ST_TileEnvelope(@zoom@, child.x, child.y), 40075016.7 / (1 << @zoom@) * 10 / 256)
      AND ST_Intersects(zone.geometry,
          ST_Expand(ST_TileEnvelope(@zoom@, child.x, child.y), 40075016.7 / (1 << @zoom@) * 10 / 256))
);
