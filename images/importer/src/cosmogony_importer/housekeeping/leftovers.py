# SPDX-License-Identifier: Apache-2.0
"""What lies in the object store without a use any more: files of former sources, old releases, old reports.

Nothing is looked at but the prefixes below, and what does not look like the pipeline's own is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import psycopg

from ..errors import ImporterError, Missing
from ..progress import say
from ..releases import catalog
from ..storage import Store, Stored

OSM, PARTS, CONCAT, RELEASES, RUNS = "osm/", "cosmogony-data/parts/", "cosmogony-data/concat/", "releases/", "runs/"
RELEASE = re.compile(r"[0-9]{8}t[0-9]{6}-[0-9a-f]{8}")  # what step merge makes
UPLOAD_AGE = timedelta(days=1)
FILES = ("zones.jsonl.gz", "manifest.json", "test_results.json", "summary.json")


@dataclass(frozen=True)
class Leftover:
    stored: Stored
    why: str

    @property
    def line(self) -> str:
        return f"{self.stored.key} ({self.stored.size} bytes): {self.why}"


@dataclass(frozen=True)
class Kept:
    """What has a use: releases of the database, and the sources of their manifests."""

    live: str | None
    releases: frozenset[str]
    sources: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, connection: psycopg.Connection, gone: Iterable[str] = ()) -> Kept:
        """As it is in the database, or as it will be when those are gone."""
        without = set(gone)
        kept = [release for release in catalog.releases(connection) if release.id not in without or release.live]
        sources: set[str] = set()
        for release in kept:
            if release.state != "loading":
                sources |= _sources_of(catalog.document(connection, release.schema_name, "manifest"))
        live = next((release.id for release in kept if release.live), None)
        return cls(live, frozenset(release.id for release in kept), frozenset(sources))


def configured(text: str) -> set[str]:
    """File names of the sources of the settings, those that are switched off included."""
    try:
        entries = json.loads(text or "[]")
        urls = [entry if isinstance(entry, str) else entry["url"] for entry in entries or []]
        return {urlsplit(url.strip()).path.rpartition("/")[2] for url in urls} - {""}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ImporterError(f"--sources is no JSON list of sources with url ({error}); nothing was removed") from error


def find(store: Store, kept: Kept, sources: set[str], keep_runs: timedelta, now: datetime) -> list[Leftover]:
    """Everything that can go. Without sources nothing is known of theirs, without a live release of releases."""
    found: list[Leftover] = []
    in_use = sources | kept.sources
    if kept.live is None:
        say("no release is live: releases in the object store are left alone")
    else:
        old, waiting = _releases(store, kept)
        found += old
        in_use |= waiting
    if sources:
        found += _of_sources(store.list(OSM), OSM, ("", ".json"), in_use)
        found += _of_sources(store.list(PARTS), PARTS, (".jsonl.gz", ".json"), in_use)
    else:
        say("no sources are given: extracts and parts in the object store are left alone")
    found += [
        Leftover(one, f"a report older than {keep_runs.days} days")
        for one in store.list(RUNS)
        if _own_run(one.key) and now - one.modified > keep_runs
    ]
    return found + _uploads(store, kept, in_use, now)


def remove(store: Store, kept: Kept, leftovers: list[Leftover]) -> None:
    """Markers and manifests go first: without them the rest counts as absent."""
    for leftover in leftovers:
        if not leftover.stored.upload:
            _check(leftover.stored.key, kept)
    objects = [leftover.stored for leftover in leftovers if not leftover.stored.upload]
    for first in (True, False):
        store.remove(one.key for one in objects if one.key.endswith(".json") is first)
    for leftover in leftovers:
        if leftover.stored.upload:
            store.abort(leftover.stored)


def _check(key: str, kept: Kept) -> None:
    if not key.startswith((OSM, PARTS, CONCAT, RELEASES, RUNS)) or (
        kept.live and key.startswith(f"{RELEASES}{kept.live}/")
    ):
        raise ImporterError(f"{key} must not be removed; nothing was")


def _releases(store: Store, kept: Kept) -> tuple[list[Leftover], set[str]]:
    """Objects of releases that the database has no more, and the sources of a newer one that waits for its load."""
    by_release: dict[str, list[Stored]] = {}
    for one in store.list(RELEASES):
        release, _, rest = one.key.removeprefix(RELEASES).partition("/")
        if rest and RELEASE.fullmatch(release):
            by_release.setdefault(release, []).append(one)
    unknown = sorted(by_release.keys() - kept.releases)
    known = [release for release in kept.releases if RELEASE.fullmatch(release)]
    waiting: set[str] = set()
    if unknown and unknown[-1] > max(known, default=""):
        manifest = _manifest(store, unknown[-1])
        if manifest.get("state") == "merged":  # one that was published before has been dropped
            say(f"release {unknown[-1]} is merged and not loaded: left alone")
            waiting = _sources_of(manifest)
            unknown.pop()
    old = [Leftover(one, "its release is not kept") for release in unknown for one in by_release[release]]
    return old, waiting


def _manifest(store: Store, release: str) -> dict[str, object]:
    try:
        manifest = store.read_json(f"{RELEASES}{release}/manifest.json")
    except Missing:
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _sources_of(manifest: object) -> set[str]:
    sources = manifest.get("sources") if isinstance(manifest, dict) else None
    return {str(source["name"]) for source in sources or [] if isinstance(source, dict) and source.get("name")}


def _of_sources(objects: Iterable[Stored], prefix: str, endings: tuple[str, str], in_use: set[str]) -> list[Leftover]:
    """Files and their markers whose source is no more; `endings` are those of a file and of a marker."""
    found = []
    for one in objects:
        name = one.key.removeprefix(prefix)
        ending = next((ending for ending in sorted(endings, key=len, reverse=True) if name.endswith(ending)), None)
        if ending is None or "/" in name:
            continue
        if name.removesuffix(ending) not in in_use:
            found.append(Leftover(one, "its source is no longer configured and no kept release needs it"))
    return found


def _uploads(store: Store, kept: Kept, in_use: set[str], now: datetime) -> list[Leftover]:
    keys = [f"{CONCAT}cosmogony.jsonl.gz"]
    for name in sorted(in_use):
        keys += [f"{OSM}{name}", f"{PARTS}{name}.jsonl.gz"]
    keys += [f"{RELEASES}{release}/{name}" for release in sorted(kept.releases) for name in FILES]
    found: dict[tuple[str, str], Stored] = {}
    for prefix in ("", OSM, PARTS, CONCAT, RELEASES, *keys):
        for one in store.uploads(prefix):
            if one.key.startswith((OSM, PARTS, CONCAT, RELEASES)) and now - one.modified > UPLOAD_AGE:
                found[one.key, one.upload] = one
    return [Leftover(one, "an upload that was never finished") for one in found.values()]


def _own_run(key: str) -> bool:
    name = key.removeprefix(RUNS)
    return name.endswith(".json") and "/" not in name
