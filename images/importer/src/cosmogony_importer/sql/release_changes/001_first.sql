-- SPDX-License-Identifier: Apache-2.0
-- Format 1 is what sql/release makes. A later format is one file more here: NNN_what.sql, applied to every kept
-- release with search_path = its schema, then the schema of PostGIS; sql/release makes the same for new ones.
SELECT 1;
