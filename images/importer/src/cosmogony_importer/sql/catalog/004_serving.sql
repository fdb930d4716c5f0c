-- SPDX-License-Identifier: Apache-2.0
-- What the API shows besides releases: the last runs, and which releases there were.

CREATE TABLE cosmogony_catalog.runs (
    name      text PRIMARY KEY,
    finished  timestamptz NOT NULL,
    document  jsonb NOT NULL                    -- the summary of the run
);
COMMENT ON TABLE cosmogony_catalog.runs IS 'Summaries of the last runs, as in runs/WORKFLOW/summary.json';

CREATE VIEW public.cosmogony_runs AS SELECT name, finished, document FROM cosmogony_catalog.runs;
COMMENT ON VIEW public.cosmogony_runs IS 'Summaries of the last runs; made by cosmogony.stack';

CREATE VIEW public.cosmogony_former_releases AS
SELECT p.release_id AS id, max(p.at) AS published_at
FROM cosmogony_catalog.publications p
WHERE NOT EXISTS (SELECT FROM cosmogony_catalog.releases r WHERE r.id = p.release_id)
GROUP BY p.release_id;
COMMENT ON VIEW public.cosmogony_former_releases IS
    'Releases that were live once and are no longer kept; made by cosmogony.stack';
