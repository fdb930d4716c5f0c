-- SPDX-License-Identifier: Apache-2.0
-- Which zones are simplified together: neighbours of one type and level, in chunks of about @vertices@ vertices
-- (one chunk is held in memory). Zones follow a space-filling curve, so a chunk is a compact area.
-- A zone across the antimeridian has two rows, one per side: a single box, as wide as the map, would make it the
-- neighbour of all zones of its latitude.

CREATE TABLE band_chunks AS
WITH counted AS MATERIALIZED (  -- otherwise each use of the extent reads the geometry again
    SELECT zone.id, concat_ws('/', coalesce(zone.zone_type, ''), zone.admin_level) AS kind,
           ST_NPoints(zone.geometry) AS vertices, ST_Envelope(zone.geometry) AS extent,
           across.west * 20037508.342789244 / 180 AS west, across.east * 20037508.342789244 / 180 AS east
    FROM @source@ AS zone
    LEFT JOIN zone_boxes AS across ON across.zone_id = zone.id AND across.west > across.east
    WHERE ST_Dimension(zone.geometry) = 2 AND @min_zoom@ <= @zoom@
), placed AS (
    SELECT id, kind, vertices,
           coalesce(ST_MakeEnvelope(west - 1, ST_YMin(extent), ST_XMax(extent), ST_YMax(extent), 3857), extent) AS box,
           ST_MakeEnvelope(ST_XMin(extent), ST_YMin(extent), east + 1, ST_YMax(extent), 3857) AS far_side
    FROM counted
), divided AS (
    SELECT id, kind, vertices, box, far_side,
           (sum(vertices) OVER (PARTITION BY kind ORDER BY ST_Centroid(box), id) / @vertices@)::integer AS part
    FROM placed
), numbered AS (
    SELECT id, kind, vertices, box, far_side, dense_rank() OVER (ORDER BY kind, part)::integer AS chunk
    FROM divided
)
SELECT id, kind, vertices, box, chunk FROM numbered
UNION ALL
SELECT id, kind, 0, far_side, chunk FROM numbered WHERE far_side IS NOT NULL;
CREATE INDEX band_chunks_chunk ON band_chunks (chunk);
CREATE INDEX band_chunks_box ON band_chunks USING gist (box);
ANALYZE band_chunks;
