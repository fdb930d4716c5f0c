-- SPDX-License-Identifier: Apache-2.0
-- Tables of one release; run with search_path = the release's schema, then the schema of PostGIS.
-- The first eight columns of zones and the names of its indexes are a contract with older clients.

CREATE TABLE zones (
    id           bigint NOT NULL,
    parent       bigint,
    name         varchar,
    admin_level  integer,
    zone_type    varchar,
    osm_id       varchar,
    wikidata     varchar,
    geometry     geometry,
    country_code varchar
);

-- Degrees; west is greater than east where a zone crosses the antimeridian (RFC 7946, section 5.2).
CREATE TABLE zone_boxes (
    zone_id  bigint NOT NULL,
    west     double precision NOT NULL,
    south    double precision NOT NULL,
    east     double precision NOT NULL,
    north    double precision NOT NULL
);

CREATE TABLE manifest (document jsonb NOT NULL);
CREATE TABLE statistics (document jsonb NOT NULL);

CREATE TABLE tiles (
    z    smallint NOT NULL,
    x    integer NOT NULL,
    y    integer NOT NULL,
    mvt  bytea NOT NULL,
    CONSTRAINT tiles_pkey PRIMARY KEY (z, x, y)
);
