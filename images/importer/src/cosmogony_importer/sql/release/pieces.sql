-- SPDX-License-Identifier: Apache-2.0
-- The zones cut to small pieces, in degrees: which zones hold a point.
CREATE TABLE zone_pieces (
    zone_id   bigint NOT NULL,
    zone_type varchar,
    area      double precision NOT NULL,  -- of the zone, in whole square metres
    rank      real NOT NULL,              -- of the zone
    geometry  geometry NOT NULL
);
