-- SPDX-License-Identifier: Apache-2.0
-- The view public.zones before the first release is published, with the columns of views.sql. The API and the importer
-- recognise it because it reads no table, earlier APIs by the beginning of its comment.

CREATE VIEW public.zones AS
SELECT NULL::bigint AS id, NULL::bigint AS parent, NULL::varchar AS name, NULL::integer AS admin_level,
       NULL::varchar AS zone_type, NULL::varchar AS osm_id, NULL::varchar AS wikidata, NULL::geometry AS geometry,
       NULL::varchar AS country_code
WHERE false;
COMMENT ON VIEW public.zones IS 'No release is published; made by cosmogony.stack';
