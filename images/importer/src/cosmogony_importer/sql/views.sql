-- SPDX-License-Identifier: Apache-2.0
-- Views on the live release. CREATE OR REPLACE keeps the privileges that were granted on them.

CREATE OR REPLACE VIEW public.cosmogony_release AS
SELECT r.id, r.schema_name, r.inputs_digest, r.published_at,
       (SELECT m.document FROM @release@.manifest m LIMIT 1) AS manifest,
       (SELECT s.document FROM @release@.statistics s LIMIT 1) AS statistics,
       r.bounds, r.zones, r.stored_zoom
FROM cosmogony_catalog.releases r
WHERE r.id = @id@;
COMMENT ON VIEW public.cosmogony_release IS 'The live release; made by cosmogony.stack';

CREATE OR REPLACE VIEW public.zones AS
SELECT id, parent, name, admin_level, zone_type, osm_id, wikidata, geometry, country_code
FROM @release@.zones;
COMMENT ON VIEW public.zones IS 'Zones of the live release; made by cosmogony.stack';
