# SPDX-License-Identifier: Apache-2.0
"""The summary of a run: made of what its steps left in the object store and in the catalog.

Whatever cannot be asked any more is missing in it and named among the warnings; there is always a summary.
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

from ..checks import completeness, left_out
from ..database import sessions
from ..errors import ImporterError, Missing, of_database
from ..progress import duration
from ..releases import catalog, durations, migrations
from ..settings import Database
from ..storage import Store
from .run import Run

FORMAT = 1
LISTED = 50  # entries of a list; its length is told beside it
Document = dict[str, Any]


@dataclass
class Known:
    """What could be found out."""

    manifest: Document | None = None
    sources: list[Document] = field(default_factory=list)
    release: catalog.Release | None = None
    live: catalog.Release | None = None
    live_known: bool = False
    steps: dict[str, float] = field(default_factory=dict)
    ok_ko: dict[str, int] | None = None
    warnings: list[str] = field(default_factory=list)


def make(run: Run, store: Store | None, configured: str) -> Document:
    known = Known()
    with _warned(known, "the object store"):
        if store is not None:
            _ask_store(run, store, configured, known)
    with _warned(known, "the database"):
        _ask_database(run, known)
    return _document(run, known)


@contextmanager
def _warned(known: Known, what: str) -> Iterator[None]:
    try:
        yield
    except ImporterError as error:
        known.warnings.append(f"{what} could not be asked for this summary: {error}")
    except psycopg.Error as error:
        known.warnings.append(f"{what} could not be asked for this summary: {of_database(error)}")


def _ask_store(run: Run, store: Store, configured: str, known: Known) -> None:
    if run.stamp:
        keys = [one.key for one in store.list(f"releases/{run.stamp}") if one.key.endswith("/manifest.json")]
        if keys:
            known.manifest = store.read_json(sorted(keys)[-1])
    if known.manifest:
        if (key := f"releases/{known.manifest['id']}/test_results.json") and (results := _read(store, key)):
            found = [row.get("test_status") for row in results]
            known.ok_ko = {status: found.count(status) for status in ("ok", "ko", "skip")}
        if seconds := store.metadata(key).get("seconds"):
            known.steps["stats"] = float(seconds)
        names = [source["name"] for source in known.manifest.get("sources", [])]
    else:
        names = _enabled(configured)
    known.sources = [_source(run, store, name) for name in names]


def _enabled(configured: str) -> list[str]:
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


def _read(store: Store, key: str) -> Any:
    try:
        return store.read_json(key)
    except Missing:
        return None


def _source(run: Run, store: Store, name: str) -> Document:
    """From the markers: what is stored, and whether this run brought it."""
    source, part = _read(store, f"osm/{name}.json") or {}, _read(store, f"cosmogony-data/parts/{name}.json") or {}
    fetched, extracted = _since(run, source.get("fetched")), _since(run, part.get("extracted"))
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


def _since(run: Run, moment: object) -> bool:
    if not isinstance(moment, str) or run.started is None:
        return False
    try:
        return datetime.fromisoformat(moment.replace("Z", "+00:00")) >= run.started.replace(microsecond=0)
    except ValueError:
        return False


def _ask_database(run: Run, known: Known) -> None:
    with sessions.connect(Database.from_environment()) as connection:
        migrations.migrate(connection)
        kept = catalog.releases(connection)
        known.live = next((release for release in kept if release.live), None)
        known.live_known = True
        mine = [release for release in kept if run.stamp and release.id.startswith(run.stamp)]
        known.release = mine[0] if mine else None
        if known.release:
            known.steps |= durations.of(connection, known.release.id)


def _document(run: Run, known: Known) -> Document:
    manifest, release = known.manifest or {}, known.release
    document = {
        "format": FORMAT,
        "run": run.name,
        "status": run.status,
        "result": _result(run, known),
        "published": _published(known),
        "started": _text(run.started),
        "finished": _text(datetime.now(UTC)),
        "mode": run.wanted("mode"),
        "reason": run.wanted("reason"),
        "override": run.wanted("override"),
        "release": manifest.get("id") or (release.id if release else None),
        "live": {"id": known.live.id, "published": _text(known.live.published_at), "zones": known.live.zones}
        if known.live
        else None,
        "inputs": {
            "digest": manifest.get("inputs_digest"),
            "languages": (manifest.get("inputs") or {}).get("languages"),
            "as_original": (manifest.get("inputs") or {}).get("as_original"),
            "versions": manifest.get("versions"),
            "sources": known.sources,
        },
        "counts": _counts(known),
        "durations": _durations(run, known),
        "skipped": [source["name"] for source in known.sources if source["zones"] and not source["extracted"]],
        "dropped": _cut(manifest.get("dropped") or []),
        "left_out": _largest(left_out.rows(manifest, "left_out")),
        "repaired": _largest(left_out.rows(manifest, "repaired")),
        "gate": release.gate if release else None,
        "failures": [] if run.succeeded else run.failures,
        "retried": run.failures if run.succeeded else [],
        "warnings": known.warnings + _warnings(known),
    }
    return {"text": text(document), **document}


def _published(known: Known) -> bool:
    release = known.release
    if release is not None:
        return release.state in ("published", "retired")
    return (known.manifest or {}).get("state") == "published"


def _result(run: Run, known: Known) -> str:
    """published, current (nothing was new), done (anything else that went well), blocked or failed."""
    if run.succeeded:
        if _published(known):
            return "published"
        asked = run.wanted("mode") in (None, "full", "changed", "source")
        return "current" if asked and known.manifest is None else "done"
    release = known.release
    if release and release.state == "loaded" and (release.gate or {}).get("verdict") == "blocked":
        return "blocked"
    return "failed"


def _counts(known: Known) -> Document:
    counts = (known.manifest or {}).get("counts") or {}
    told: Document = {name: counts.get(name) for name in ("zones", "by_type", "by_country") if name in counts}
    if known.release and known.release.zones is not None:
        told["loaded"] = known.release.zones
    if known.ok_ko is not None:
        told["expected"] = known.ok_ko
    told["sources"] = len(known.sources)
    return told


def _durations(run: Run, known: Known) -> Document:
    """Seconds. Sources are worked on side by side, so the sums of fetch and extract can exceed the total."""
    told: Document = {
        step: round(sum(source["seconds"][step] or 0 for source in known.sources), 1) for step in ("fetch", "extract")
    }
    merged = ((known.manifest or {}).get("durations") or {}).get("merge")
    if merged is not None:
        told["merge"] = merged
    return {**told, **known.steps, "total": run.seconds}


def _warnings(known: Known) -> list[str]:
    manifest = known.manifest or {}
    told = [
        f"{relation.get('source')}: {completeness.describe(relation)}"
        for relation in (manifest.get("incomplete") or [])[:LISTED]
    ]
    gate = (known.release.gate if known.release else None) or {}
    if gate.get("verdict") == "overridden":
        told += [f"let through all the same: {finding}" for finding in gate.get("findings", [])]
    told += gate.get("notes", [])
    if known.live_known and known.live is None:
        told.append("no release is live")
    return told


def _largest(rows: list[left_out.Row] | None) -> Document | None:
    """Objects by reason, and the rows that count most of them; the manifest has all."""
    if rows is None:
        return None
    return {
        "by_reason": left_out.by_reason(rows),
        "rows": sorted(rows, key=lambda row: row["count"], reverse=True)[:LISTED],
    }


def _cut(entries: list[Any]) -> Document:
    return {"number": len(entries), "zones": entries[:LISTED]}


def _text(moment: datetime | None) -> str | None:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None


def text(document: Document) -> str:
    """The summary in one line, under the name that chat services look for."""
    seconds = document["durations"]["total"]
    took = f" in {duration(seconds)}" if seconds else ""
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
