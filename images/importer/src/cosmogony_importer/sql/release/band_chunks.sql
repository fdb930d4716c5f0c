-- SPDX-License-Identifier: Apache-2.0
-- Which zones are simplified together: neighbours of one type and level, in chunks of at most @vertices@ vertices
-- (one chunk is held in memory). Rows follow a space-filling curve, so a chunk is a compact area.

CREATE TEMPORARY TABLE band_chunks ON COMMIT DROP AS
SELECT id, (running / @vertices@)::integer AS chunk, whole > @vertices@ AS divided
FROM (
    SELECT id,
           sum(vertices) OVER (PARTITION BY zone_type, admin_level ORDER BY centre, id) AS running,
           sum(vertices) OVER (PARTITION BY zone_type, admin_level) AS whole
    FROM (
        SELECT id, zone_type, admin_level, ST_NPoints(geometry) AS vertices, ST_Centroid(ST_Envelope(geometry)) AS centre
        FROM @source@
        WHERE ST_Dimension(geometry) = 2
    ) AS counted
) AS summed;
