-- SPDX-License-Identifier: Apache-2.0
-- One zoom band: the zones that can be seen at zoom @zoom@, their shared borders simplified together.
-- A zone is seen from the zoom where it covers some pixels (bands.py); countries always.
-- The border of a divided chunk stays as it is, so that it still meets the next chunk's.

CREATE TABLE @table@ AS
SELECT seen.id, seen.name, seen.admin_level, seen.zone_type, seen.min_zoom,
       ST_SetSRID(ST_Multi(ST_CoverageSimplify(seen.shape, @tolerance@, NOT chunks.divided) OVER (
           PARTITION BY seen.zone_type, seen.admin_level, chunks.chunk)), 3857) AS geometry
FROM (
    SELECT id, name, admin_level, zone_type, @min_zoom@ AS min_zoom, ST_CollectionExtract(geometry, 3) AS shape
    FROM @source@
    WHERE ST_Dimension(geometry) = 2
) AS seen
JOIN band_chunks AS chunks ON chunks.id = seen.id
WHERE seen.min_zoom <= @zoom@;

DROP TABLE band_chunks;
ALTER TABLE @table@ ALTER COLUMN geometry SET STORAGE EXTERNAL;
CREATE INDEX @table_index@ ON @table@ USING gist (geometry);
