-- SPDX-License-Identifier: Apache-2.0
-- Created after the rows.

CREATE INDEX zone_names_normal_idx ON zone_names (normal text_pattern_ops);
