-- SPDX-License-Identifier: Apache-2.0
-- Format 1 is what the first releases have, and what adopt.sql makes. A later format is one file more here:
-- NNN_what.sql, applied to every kept release of an older format with search_path = its schema, then the schema of
-- PostGIS. New releases get the newest format from the other files of sql/release.
SELECT 1;
