-- SPDX-License-Identifier: Apache-2.0
CREATE INDEX zone_pieces_geometry_idx ON zone_pieces USING gist (geometry);
ANALYZE zone_pieces;
