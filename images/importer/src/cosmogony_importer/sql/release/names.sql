-- SPDX-License-Identifier: Apache-2.0
-- The names of some zones. Names under keys such as name:etymology are left out: they are not in a language.
INSERT INTO zone_names (zone_id, normal, local, rank, zone_type, country_code)
SELECT zone.id, made.normal, bool_or(made.local), zone.rank, zone.zone_type, zone.country_code
FROM zones AS zone, LATERAL (
    SELECT normal_form(named.text) AS normal, named.local
    FROM (
        SELECT zone.name::text, true
        UNION ALL
        SELECT DISTINCT value, false FROM jsonb_each_text(zone.names) WHERE key ~ '^[a-z]{2,3}([-_][A-Za-z0-9]+)*$'
        UNION ALL
        SELECT unnest(zone.other_names), false
    ) AS named (text, local)
    OFFSET 0  -- so that the normal form is made once for each
) AS made
WHERE zone.id = ANY (%(ids)s) AND made.normal <> ''
GROUP BY zone.id, made.normal, zone.rank, zone.zone_type, zone.country_code;
