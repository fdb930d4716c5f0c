-- SPDX-License-Identifier: Apache-2.0
-- Tiles of some areas are stored above stored_zoom, too; what is not there is computed.

ALTER TABLE cosmogony_catalog.releases ADD COLUMN warmed_zoom integer;
COMMENT ON COLUMN cosmogony_catalog.releases.warmed_zoom IS
    'Highest zoom of which some tiles are stored; null: none above stored_zoom';

CREATE OR REPLACE VIEW public.cosmogony_releases AS
SELECT r.id, r.schema_name, r.inputs_digest, r.state, (l.release_id IS NOT NULL) AS live,
       r.created, r.published_at, r.zones, r.loaded_at, r.stored_zoom, r.bounds, r.gate, r.override, r.warmed_zoom
FROM cosmogony_catalog.releases r
LEFT JOIN cosmogony_catalog.live l ON l.release_id = r.id;
