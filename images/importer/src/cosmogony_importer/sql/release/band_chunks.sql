-- SPDX-License-Identifier: Apache-2.0
-- Which zones are simplified together: neighbours of one type and level, in chunks of about @vertices@ vertices
-- (one chunk is held in memory). Zones follow a space-filling curve, so a chunk is a compact area.

CREATE TABLE band_chunks AS
SELECT id, kind, vertices, box, dense_rank() OVER (ORDER BY kind, part)::integer AS chunk
FROM (
    SELECT id, kind, vertices, box,
           (sum(vertices) OVER (PARTITION BY kind ORDER BY ST_Centroid(box), id) / @vertices@)::integer AS part
    FROM (
        SELECT id, concat_ws('/', coalesce(zone_type, ''), admin_level) AS kind, ST_NPoints(geometry) AS vertices,
               ST_Envelope(geometry) AS box
        FROM @source@
        WHERE ST_Dimension(geometry) = 2 AND @min_zoom@ <= @zoom@
    ) AS counted
) AS divided;
CREATE INDEX band_chunks_chunk ON band_chunks (chunk);
CREATE INDEX band_chunks_box ON band_chunks USING gist (box);
ANALYZE band_chunks;
