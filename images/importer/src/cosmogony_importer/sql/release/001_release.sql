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
    country_code varchar,
    label        text,
    names        jsonb NOT NULL DEFAULT '{}',   -- name in each language, by its code as in OSM
    other_names  text[] NOT NULL DEFAULT '{}',  -- alt_name and its like, in the local language
    population   bigint,
    zip_codes    text[] NOT NULL DEFAULT '{}',
    center_lon   double precision,              -- degrees
    center_lat   double precision,
    area         double precision,              -- square metres
    rank         real NOT NULL DEFAULT 0        -- 0 to 1: how important the zone is among others of its name
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

-- The names of the zones in all languages, each once for a zone, in the form in which they are compared.
CREATE TABLE zone_names (
    zone_id      bigint NOT NULL,
    normal       text NOT NULL,
    local        boolean NOT NULL,  -- whether it is the column name of the zone
    rank         real NOT NULL,     -- of the zone
    zone_type    varchar,
    country_code varchar
);

-- Which share of each country the zones of a type cover.
CREATE TABLE coverage (
    country_code varchar NOT NULL,
    zone_type    varchar NOT NULL,
    zones        bigint NOT NULL,
    area         double precision NOT NULL,  -- square metres
    share        double precision,           -- of the country's area, 0 to 1; null without a zone of the country
    PRIMARY KEY (country_code, zone_type)
);
