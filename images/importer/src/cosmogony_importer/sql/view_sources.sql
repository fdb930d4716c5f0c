-- SPDX-License-Identifier: Apache-2.0
-- The tables and views that a view reads.
SELECT DISTINCT n.nspname::text, c.relname::text
FROM pg_rewrite r
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
JOIN pg_class c ON c.oid = d.refobjid AND c.oid <> r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.ev_class = to_regclass(%(view)s)
