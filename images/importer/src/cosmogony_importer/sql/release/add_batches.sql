-- SPDX-License-Identifier: Apache-2.0
-- Tiles of zoom @zoom@ that are not stored yet, in batches of neighbours.
INSERT INTO @batches@ (z, batch, xs, ys)
SELECT @zoom@, n / @size@, array_agg(x ORDER BY n), array_agg(y ORDER BY n)
FROM (
    SELECT x, y, (row_number() OVER (ORDER BY x / 8, y / 8, x, y) - 1)::integer AS n
    FROM @touched@ AS touched
    WHERE NOT EXISTS (
        SELECT FROM tiles AS stored WHERE stored.z = @zoom@ AND stored.x = touched.x AND stored.y = touched.y)
) AS missing
GROUP BY 2
ORDER BY 2;
