-- SPDX-License-Identifier: Apache-2.0
-- Tiles of zoom @zoom@ in the area, among the children of those of the zoom above.
CREATE TEMPORARY TABLE @target@ ON COMMIT DROP AS
SELECT child.x, child.y
FROM (
    SELECT parent.x * 2 + dx AS x, parent.y * 2 + dy AS y
    FROM @source@ AS parent, generate_series(0, 1) AS dx, generate_series(0, 1) AS dy
) AS child
WHERE @inside@ AND EXISTS (
    SELECT FROM warm_area AS piece WHERE ST_Intersects(piece.geometry, ST_TileEnvelope(@zoom@, child.x, child.y))
);
