-- SPDX-License-Identifier: Apache-2.0
-- What is missing from the table zones of an original database for a release of format 1 (see release_changes); same
-- search_path as for the other files.

ALTER TABLE zones ADD COLUMN IF NOT EXISTS country_code varchar;

CREATE TABLE manifest (document jsonb NOT NULL);
CREATE TABLE statistics (document jsonb NOT NULL);

CREATE TABLE tiles (
    z    smallint NOT NULL,
    x    integer NOT NULL,
    y    integer NOT NULL,
    mvt  bytea NOT NULL,
    CONSTRAINT tiles_pkey PRIMARY KEY (z, x, y)
);
