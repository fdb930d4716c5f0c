-- SPDX-License-Identifier: Apache-2.0
-- Where zones of a type overlap, their area is counted twice.
INSERT INTO coverage (country_code, zone_type, zones, area, share)
SELECT zone.country_code, zone.zone_type, zone.zones, zone.area, least(1, zone.area / nullif(country.area, 0))
FROM (
    SELECT coalesce(country_code, '') AS country_code, coalesce(zone_type, '') AS zone_type,
           count(*) AS zones, sum(area) AS area
    FROM zones
    GROUP BY 1, 2
) AS zone
LEFT JOIN (
    SELECT country_code, sum(area) AS area FROM zones WHERE zone_type = 'country' GROUP BY 1
) AS country ON country.country_code = zone.country_code;
