-- SPDX-License-Identifier: Apache-2.0
-- Where zones of a type overlap, their area is counted twice.
INSERT INTO coverage (country_code, zone_type, zones, area, share)
SELECT covered.country_code, covered.zone_type, sum(covered.zones), sum(covered.area),
       CASE WHEN country.area > 0 THEN least(1, sum(covered.area) / country.area) END  -- least() ignores null
FROM covered_areas AS covered
LEFT JOIN country_areas AS country ON country.country_code = covered.country_code
GROUP BY covered.country_code, covered.zone_type, country.area;
DROP TABLE covered_areas, country_areas;
