-- SPDX-License-Identifier: Apache-2.0
-- Tiles of zoom @zoom@ that the area touches, among the children of those of the zoom above.
-- A tile is extended on each side by @margin@ of its width.
CREATE TEMPORARY TABLE @target@ ON COMMIT DROP AS
SELECT child.x, child.y
FROM (
    SELECT parent.x * 2 + dx AS x, parent.y * 2 + dy AS y
    FROM @source@ AS parent, generate_series(0, 1) AS dx, generate_series(0, 1) AS dy
) AS child
WHERE @inside@ AND EXISTS (
    SELECT FROM @area@ AS piece
    WHERE piece.geometry && ST_Expand(ST_TileEnvelope(@zoom@, child.x, child.y), 40075016.7 / (1 << @zoom@) * @margin@)
      AND ST_Intersects(piece.geometry,
          ST_Expand(ST_TileEnvelope(@zoom@, child.x, child.y), 40075016.7 / (1 << @zoom@) * @margin@))
);
