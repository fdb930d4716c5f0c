-- Statements of the connections of one process. Without a progress view only what a statement waits for is known.
SELECT a.pid, left(regexp_replace(btrim(a.query), '\s+', ' ', 'g'), 60) AS statement,
    a.wait_event_type || ' ' || a.wait_event AS waits, pg_blocking_pids(a.pid) AS blockers, p.phase, p.done, p.total
FROM pg_stat_activity a
LEFT JOIN (
    SELECT pid, type AS phase, tuples_processed AS done, 0 AS total FROM pg_stat_progress_copy
    UNION ALL
    SELECT pid, phase, blocks_done + tuples_done, blocks_total + tuples_total FROM pg_stat_progress_create_index
    UNION ALL
    SELECT pid, phase, sample_blks_scanned + ext_stats_computed, sample_blks_total + ext_stats_total
    FROM pg_stat_progress_analyze
) p USING (pid)
WHERE a.pid = ANY (%(pids)s) AND a.state = 'active' AND a.pid <> pg_backend_pid()
ORDER BY a.pid
