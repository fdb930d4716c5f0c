-- SPDX-License-Identifier: Apache-2.0
-- What public.zones is before the first release is published; its columns are those of views.sql. It reads no table,
-- which is how the API and the importer know it; earlier APIs know it by the beginning of the comment.

CREATE VIEW public.zones AS
SELECT NULL::bigint AS id, NULL::bigint AS parent, NULL::varchar AS name, NULL::integer AS admin_level,
       NULL::varchar AS zone_type, NULL::varchar AS osm_id, NULL::varchar AS wikidata, NULL::geometry AS geometry,
       NULL::varchar AS country_code
WHERE false;
COMMENT ON VIEW public.zones IS 'No release is published; made by cosmogony.stack';
