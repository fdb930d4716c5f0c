-- SPDX-License-Identifier: Apache-2.0
-- Empty tiles in the middle of some zones: at the first zoom where the zone is certainly shown, at the highest stored
-- zoom, and at zoom 15. The middle is that of the largest part, which low zooms never leave out.
WITH chosen AS (
    SELECT id, geometry FROM @zones@ WHERE ST_Dimension(geometry) = 2 ORDER BY md5(id::text) LIMIT @limit@
), places AS (
    SELECT id, sqrt(ST_Area(geometry)) AS size, ST_PointOnSurface(
        (SELECT geom FROM ST_Dump(geometry) ORDER BY ST_Area(geom) DESC LIMIT 1)) AS point FROM chosen
), addresses AS (
    SELECT id, zoom, floor((ST_X(point) / 40075016.685578488 + 0.5) * (1 << zoom))::integer AS x,
           floor((0.5 - ST_Y(point) / 40075016.685578488) * (1 << zoom))::integer AS y
    FROM (
        SELECT id, point, least(15, greatest(0, ceil(log(2::numeric, (4 * 156543.034 / size)::numeric)))::integer + 1)
            AS seen
        FROM places
        WHERE size > 50 AND abs(ST_Y(point)) < 20000000
    ) AS places, LATERAL (VALUES (seen), (greatest(seen, @stored@)), (15)) AS zooms (zoom)
)
SELECT DISTINCT id, zoom, x, y FROM addresses
WHERE public.cosmogony(zoom, x, y, json_build_object('v', @release@::text)) IS NULL
