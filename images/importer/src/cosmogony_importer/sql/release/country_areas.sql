-- SPDX-License-Identifier: Apache-2.0
-- What the coverage is computed from, and dropped with it. Geometries are not compressed, which would take longer than the rest.

-- The area of each country: that of its zone, or of several zones together, such as the parts of a kingdom.
CREATE UNLOGGED TABLE country_areas (
    country_code varchar NOT NULL,
    zones        bigint[] NOT NULL,
    area         double precision NOT NULL,  -- square metres
    geometry     geometry NOT NULL
);
ALTER TABLE country_areas ALTER COLUMN geometry SET STORAGE EXTERNAL;
INSERT INTO country_areas (country_code, zones, area, geometry)
WITH numbered AS MATERIALIZED (
    SELECT id, country_code, area, geometry, count(*) OVER (PARTITION BY country_code) AS zones
    FROM zones
    WHERE zone_type = 'country' AND country_code IS NOT NULL
)
SELECT country_code, ARRAY[id], area, geometry FROM numbered WHERE zones = 1
UNION ALL
SELECT country_code, zones, ST_Area(ST_Transform(joined, 4326)::geography), joined
FROM (
    SELECT country_code, array_agg(id) AS zones, ST_Union(geometry) AS joined
    FROM numbered
    WHERE zones > 1
    GROUP BY country_code
) AS several;
ALTER TABLE country_areas ADD PRIMARY KEY (country_code);
ANALYZE country_areas;

-- Numbers and areas of the zones within their country, added up for a part of all zones.
CREATE UNLOGGED TABLE covered_areas (
    country_code varchar NOT NULL,
    zone_type    varchar NOT NULL,
    zones        bigint NOT NULL,
    area         double precision NOT NULL  -- square metres
);
