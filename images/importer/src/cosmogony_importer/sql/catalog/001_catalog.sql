-- SPDX-License-Identifier: Apache-2.0
-- What releases there are and which one is live. @postgis@ stands for the schema of the PostGIS extension.

CREATE TABLE cosmogony_catalog.releases (
    id             text PRIMARY KEY,
    schema_name    text NOT NULL UNIQUE,
    inputs_digest  text,
    state          text NOT NULL CHECK (state IN ('loading', 'loaded', 'published', 'retired')),
    format         integer NOT NULL,            -- version of the release schema (sql/release)
    created        timestamptz NOT NULL DEFAULT now(),
    loaded_at      timestamptz,
    published_at   timestamptz,
    zones          bigint,                      -- rows of the table zones
    skipped        bigint,                      -- records without geometry, not stored
    stored_zoom    integer,                     -- highest zoom whose tiles are all stored; null: none
    bounds         double precision[],          -- west, south, east, north in degrees
    gate           jsonb,                       -- verdict and findings of the gate
    override       text                         -- why a blocked release was let through
);
COMMENT ON TABLE cosmogony_catalog.releases IS 'Releases of zones: one row a schema release_<id>';

CREATE TABLE cosmogony_catalog.live (
    only_row    boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    release_id  text NOT NULL REFERENCES cosmogony_catalog.releases (id),
    since       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE cosmogony_catalog.live IS 'The release that is served: one row';

CREATE TABLE cosmogony_catalog.publications (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT now(),
    action       text NOT NULL CHECK (action IN ('adopt', 'publish', 'rollback')),
    release_id   text NOT NULL,
    previous_id  text,
    reason       text
);
COMMENT ON TABLE cosmogony_catalog.publications IS 'Every switch of the live release, in order';

CREATE VIEW public.cosmogony_releases AS
SELECT r.id, r.schema_name, r.inputs_digest, r.state, (l.release_id IS NOT NULL) AS live,
       r.created, r.published_at, r.zones, r.loaded_at, r.stored_zoom, r.bounds, r.gate, r.override
FROM cosmogony_catalog.releases r
LEFT JOIN cosmogony_catalog.live l ON l.release_id = r.id;
COMMENT ON VIEW public.cosmogony_releases IS 'All kept releases; made by cosmogony.stack';

-- Nothing is live yet; publish replaces this with views on the release (views.sql).
CREATE VIEW public.cosmogony_release AS
SELECT NULL::text AS id, NULL::text AS schema_name, NULL::text AS inputs_digest, NULL::timestamptz AS published_at,
       NULL::jsonb AS manifest, NULL::jsonb AS statistics, NULL::double precision[] AS bounds, NULL::bigint AS zones,
       NULL::integer AS stored_zoom
WHERE false;
COMMENT ON VIEW public.cosmogony_release IS 'The live release; made by cosmogony.stack';
