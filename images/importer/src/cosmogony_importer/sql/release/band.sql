-- SPDX-License-Identifier: Apache-2.0
-- One zoom band: the zones that are shown at its highest zoom, with the geometry for it.
CREATE TABLE @table@ (
    id           bigint NOT NULL,
    name         varchar,
    admin_level  integer,
    zone_type    varchar,
    min_zoom     smallint NOT NULL,  -- the zone is shown from here on; countries always (bands.py)
    geometry     geometry NOT NULL
);
ALTER TABLE @table@ ALTER COLUMN geometry SET STORAGE EXTERNAL;
