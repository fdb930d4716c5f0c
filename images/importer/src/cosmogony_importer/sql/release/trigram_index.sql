-- SPDX-License-Identifier: Apache-2.0
CREATE INDEX zone_names_trigram_idx ON zone_names USING gin (normal @trigrams@.gin_trgm_ops);
