-- SPDX-License-Identifier: Apache-2.0
-- Created after the rows: one sorted build instead of one insertion per row.

ALTER TABLE zones ADD CONSTRAINT zones_pkey PRIMARY KEY (id);
CREATE INDEX zones_geometry_idx ON zones USING gist (geometry);
CREATE INDEX zones_parent_idx ON zones (parent);
CREATE INDEX zones_osm_id_idx ON zones (osm_id);
CREATE INDEX zones_wikidata_idx ON zones (wikidata);
CREATE INDEX zones_country_code_idx ON zones (country_code, zone_type);
CREATE INDEX zones_zone_type_idx ON zones (zone_type);

ALTER TABLE zone_boxes ADD CONSTRAINT zone_boxes_pkey PRIMARY KEY (zone_id);
CREATE INDEX zone_boxes_across_idx ON zone_boxes (zone_id) WHERE west > east;
