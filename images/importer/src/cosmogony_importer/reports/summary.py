# SPDX-License-Identifier: Apache-2.0
"""The summary of a run, made from what its steps left in the object store and in the catalog.

There is always a summary: what cannot be reached is missing in it, and named among its warnings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import psycopg
from cosmogony_steps.errors import StepError

from ..checks import completeness, left_out
from ..database import sessions
from ..database.errors import translate_database_error
from ..errors import MissingObjectError
from ..progress import format_duration
from ..releases import catalog, durations, migrations
from ..releases.catalog import ReleaseState, Verdict
from ..settings import Database
from ..storage import Store
from .run import Run

FORMAT = 1
LISTED = 50  # entries of a list; its length stands beside it
Document = dict[str, Any]


@dataclass
class RunFacts:
    """What could be found out about a run."""

    manifest: Document | None = None
    sources: list[Document] = field(default_factory=list)
    release: catalog.Release | None = None
    live: catalog.Release | None = None
    live_known: bool = False
    steps: dict[str, float] = field(default_factory=dict)
    ok_ko: dict[str, int] | None = None
    warnings: list[str] = field(default_factory=list)


def summarise_run(run: Run, store: Store | None, configured: str) -> Document:
    """Make the summary of a run.

    Args:
        run: the workflow.
        store: the object store; None where none is set.
        configured: the sources of the settings, as JSON, for a run that made no release.
    """
    facts = RunFacts()
    with _warn_if_unreachable(facts, "the object store"):
        if store is not None:
            _read_store(run, store, configured, facts)
    with _warn_if_unreachable(facts, "the database"):
        _read_database(run, facts)
    return _make_document(run, facts)


@contextmanager
def _warn_if_unreachable(facts: RunFacts, what: str) -> Iterator[None]:
    try:
        yield
    except StepError as error:
        facts.warnings.append(f"{what} could not be asked for this summary: {error}")
    except psycopg.Error as error:
        facts.warnings.append(f"{what} could not be asked for this summary: {translate_database_error(error)}")


def _read_store(run: Run, store: Store, configured: str, facts: RunFacts) -> None:
    if run.stamp:
        keys = [one.key for one in store.list_objects(f"releases/{run.stamp}") if one.key.endswith("/manifest.json")]
        if keys:
            facts.manifest = store.read_json(sorted(keys)[-1])
    if facts.manifest:
        if (key := f"releases/{facts.manifest['id']}/test_results.json") and (results := _find_json(store, key)):
            found = [row.get("test_status") for row in results]
            facts.ok_ko = {status: found.count(status) for status in ("ok", "ko", "skip")}
        if seconds := store.metadata(key).get("seconds"):
            facts.steps["stats"] = float(seconds)
        names = [source["name"] for source in facts.manifest.get("sources", [])]
    else:
        names = _list_enabled_sources(configured)
    facts.sources = [_describe_source(run, store, name) for name in names]


def _list_enabled_sources(configured: str) -> list[str]:
    try:
        entries = json.loads(configured or "[]") or []
    except ValueError:
        return []
    urls = [
        entry if isinstance(entry, str) else entry.get("url", "")
        for entry in entries
        if isinstance(entry, str) or str(entry.get("enabled", True)).lower() not in ("false", "no")
    ]
    return [urlsplit(url.strip()).path.rpartition("/")[2] for url in urls if url]


def _find_json(store: Store, key: str) -> Any:
    try:
        return store.read_json(key)
    except MissingObjectError:
        return None


def _describe_source(run: Run, store: Store, name: str) -> Document:
    """Tell from the markers what is stored of a source, and whether this run brought it."""
    source, part = (
        _find_json(store, f"osm/{name}.json") or {},
        _find_json(store, f"cosmogony-data/parts/{name}.json") or {},
    )
    fetched, extracted = _happened_in(run, source.get("fetched")), _happened_in(run, part.get("extracted"))
    return {
        "name": name,
        "url": source.get("url"),
        "file": source.get("file"),
        "version_date": source.get("version_date"),
        "size": source.get("size"),
        "sha256": source.get("sha256"),
        "zones": part.get("zones"),
        "fetched": fetched,
        "extracted": extracted,
        "seconds": {
            "fetch": source.get("seconds") if fetched else 0,
            "extract": part.get("seconds") if extracted else 0,
        },
    }


def _happened_in(run: Run, moment: object) -> bool:
    if not isinstance(moment, str) or run.started is None:
        return False
    try:
        return datetime.fromisoformat(moment.replace("Z", "+00:00")) >= run.started.replace(microsecond=0)
    except ValueError:
        return False


def _read_database(run: Run, facts: RunFacts) -> None:
    with sessions.connect(Database.from_environment()) as connection:
        migrations.migrate_database(connection)
        kept = catalog.list_releases(connection)
        facts.live = next((release for release in kept if release.live), None)
        facts.live_known = True
        mine = [release for release in kept if run.stamp and release.id.startswith(run.stamp)]
        facts.release = mine[0] if mine else None
        if facts.release:
            facts.steps |= durations.read_durations(connection, facts.release.id)


def _make_document(run: Run, facts: RunFacts) -> Document:
    manifest, release = facts.manifest or {}, facts.release
    document = {
        "format": FORMAT,
        "run": run.name,
        "status": run.status,
        "result": _get_result(run, facts),
        "published": _is_published(facts),
        "started": _format_time(run.started),
        "finished": _format_time(datetime.now(UTC)),
        "mode": run.get_parameter("mode"),
        "reason": run.get_parameter("reason"),
        "override": run.get_parameter("override"),
        "release": manifest.get("id") or (release.id if release else None),
        "live": {"id": facts.live.id, "published": _format_time(facts.live.published_at), "zones": facts.live.zones}
        if facts.live
        else None,
        "inputs": {
            "digest": manifest.get("inputs_digest"),
            "languages": (manifest.get("inputs") or {}).get("languages"),
            "as_original": (manifest.get("inputs") or {}).get("as_original"),
            "versions": manifest.get("versions"),
            "sources": facts.sources,
        },
        "counts": _sum_counts(facts),
        "durations": _sum_durations(run, facts),
        "skipped": [source["name"] for source in facts.sources if source["zones"] and not source["extracted"]],
        "dropped": _list_first(manifest.get("dropped") or []),
        "left_out": _summarise_table(left_out.read_table(manifest, "left_out")),
        "repaired": _summarise_table(left_out.read_table(manifest, "repaired")),
        "gate": release.gate if release else None,
        "failures": [] if run.succeeded else run.failures,
        "retried": run.failures if run.succeeded else [],
        "warnings": facts.warnings + _list_warnings(facts),
    }
    return {"text": describe_result(document), **document}


def _is_published(facts: RunFacts) -> bool:
    release = facts.release
    if release is not None:
        return release.state in (ReleaseState.PUBLISHED, ReleaseState.RETIRED)
    return (facts.manifest or {}).get("state") == "published"


def _get_result(run: Run, facts: RunFacts) -> str:
    """Return published, current (nothing was new), done (anything else that went well), blocked or failed."""
    if run.succeeded:
        if _is_published(facts):
            return "published"
        asked_for_update = run.get_parameter("mode") in (None, "full", "changed", "source")
        return "current" if asked_for_update and facts.manifest is None else "done"
    release = facts.release
    if release and release.state == ReleaseState.LOADED and release.verdict == Verdict.BLOCKED:
        return "blocked"
    return "failed"


def _sum_counts(facts: RunFacts) -> Document:
    counts = (facts.manifest or {}).get("counts") or {}
    result: Document = {name: counts.get(name) for name in ("zones", "by_type", "by_country") if name in counts}
    if facts.release and facts.release.zones is not None:
        result["loaded"] = facts.release.zones
    if facts.ok_ko is not None:
        result["expected"] = facts.ok_ko
    result["sources"] = len(facts.sources)
    return result


def _sum_durations(run: Run, facts: RunFacts) -> Document:
    """Return seconds per step. Sources are worked on side by side, so fetch and extract can exceed the total."""
    result: Document = {
        step: round(sum(source["seconds"][step] or 0 for source in facts.sources), 1) for step in ("fetch", "extract")
    }
    merged = ((facts.manifest or {}).get("durations") or {}).get("merge")
    if merged is not None:
        result["merge"] = merged
    return {**result, **facts.steps, "total": run.seconds}


def _list_warnings(facts: RunFacts) -> list[str]:
    manifest, release = facts.manifest or {}, facts.release
    warnings = [
        f"{relation.get('source')}: {completeness.describe_relation(relation)}"
        for relation in (manifest.get("incomplete") or [])[:LISTED]
    ]
    if release:
        if release.verdict == Verdict.OVERRIDDEN:
            warnings += [f"let through all the same: {finding}" for finding in release.findings]
        warnings += release.notes
    if facts.live_known and facts.live is None:
        warnings.append("no release is live")
    return warnings


def _summarise_table(rows: list[left_out.Row] | None) -> Document | None:
    """Return the objects by reason, and the rows that count most of them; the manifest has all rows."""
    if rows is None:
        return None
    return {
        "by_reason": left_out.count_by_reason(rows),
        "rows": sorted(rows, key=lambda row: row["count"], reverse=True)[:LISTED],
    }


def _list_first(entries: list[Any]) -> Document:
    return {"number": len(entries), "zones": entries[:LISTED]}


def _format_time(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None


def describe_result(document: Document) -> str:
    """Return the result in one line; chat services look for it under the name `text`."""
    seconds = document["durations"]["total"]
    took = f" in {format_duration(seconds)}" if seconds else ""
    live = document["live"]["id"] if document["live"] else None
    result, name = document["result"], document["run"]
    if result == "published":
        counts = document["counts"]
        zones = counts.get("loaded", counts.get("zones"))
        sources = f"{counts['sources']} source{'' if counts['sources'] == 1 else 's'}"
        override = f", let through because: {document['override']}" if document["override"] else ""
        return f"{name}: release {document['release']} is published, {zones} zones of {sources}{took}{override}"
    word = "is" if document["published"] else "stays"
    stays = f"release {live} {word} live" if live else "no release is live"
    if result == "current":
        return f"{name}: nothing is new, {stays}{took}"
    if result == "done":
        return f"{name}: done{took}; {f'release {live} is live' if live else 'no release is live'}"
    if result == "blocked":
        findings = "; ".join((document["gate"] or {}).get("findings", [])[:3])
        return f"{name}: the gate blocks release {document['release']} ({findings}); {stays}"
    first = document["failures"][0] if document["failures"] else None
    cause = f" at {first['step']}: {first['message']}" if first else ""
    return f"{name}: {document['status'].lower() or 'failed'}{cause}; {stays}"
