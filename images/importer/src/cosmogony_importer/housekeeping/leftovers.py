# SPDX-License-Identifier: Apache-2.0
"""Find and remove objects that are no longer needed: files of former sources, old releases, old reports.

Only the prefixes below are searched, and keys that no step writes are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import psycopg
from cosmogony_steps import log, object_keys
from cosmogony_steps.documents import Manifest, ReleaseState
from cosmogony_steps.errors import MissingObjectError, StepError
from cosmogony_steps.s3 import ObjectInfo, Store, UnfinishedUpload
from cosmogony_steps.settings import SourceSettings

from ..releases import catalog

PREFIXES = (
    object_keys.SOURCES,
    object_keys.PARTS,
    object_keys.LATEST,
    object_keys.RELEASES,
)  # of the keys of all objects that steps write
RELEASE_ID = re.compile(r"[0-9]{8}t[0-9]{6}-[0-9a-f]{8}")  # ids as the step merge makes them
MAX_UPLOAD_AGE = timedelta(days=1)  # an unfinished upload that is older counts as abandoned
MAX_RUN_AGE = timedelta(days=7)  # a run without a summary that is older counts as ended


@dataclass(frozen=True)
class Leftover:
    """An object, or an unfinished upload, that is no longer needed."""

    key: str
    size: int  # bytes
    reason: str
    upload: UnfinishedUpload | None = None

    @property
    def description(self) -> str:
        """Key and size of the object and why it is not needed, as text for the log."""
        return f"{self.key} ({self.size} bytes): {self.reason}"


@dataclass(frozen=True)
class KeptReleases:
    """Ids of the releases that the database keeps, and names of the sources that they are made from."""

    live: str | None
    releases: frozenset[str]
    sources: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def from_database(cls, connection: psycopg.Connection, gone: Iterable[str] = ()) -> KeptReleases:
        """Read the releases from the catalog, except those that are going to be dropped."""
        without = set(gone)
        kept = [release for release in catalog.list_releases(connection) if release.id not in without or release.live]
        sources: set[str] = set()
        for release in kept:
            sources |= _list_sources(catalog.read_manifest(connection, release))
        live = next((release.id for release in kept if release.live), None)
        return cls(live, frozenset(release.id for release in kept), frozenset(sources))


def list_configured_source_files(extracts: Iterable[SourceSettings]) -> set[str]:
    """Return the file names of the configured sources, including disabled ones."""
    return {urlsplit(extract.url.strip()).path.rpartition("/")[2] for extract in extracts} - {""}


def find_leftovers(
    store: Store, kept: KeptReleases, sources: set[str], keep_runs: timedelta, now: datetime
) -> list[Leftover]:
    """Return all objects in the bucket that are no longer needed.

    Args:
        store: the bucket to search.
        kept: the releases that need their objects.
        sources: file names of the configured sources; if there are none, all files of sources are kept.
        keep_runs: how long plans and summaries of runs are kept.
        now: the current time.
    """
    found: list[Leftover] = []
    in_use = sources | kept.sources
    if kept.live is None:
        log.info("no release is live: all releases in the S3 store are kept")
    else:
        old, waiting = _find_releases(store, kept)
        found += old
        in_use |= waiting
    if sources:
        found += _find_source_files(store, in_use)
    else:
        log.info("no sources are configured: all extracts and parts in the S3 store are kept")
    found += _find_run_documents(store.list_objects(object_keys.RUNS), keep_runs, now)
    return found + _find_uploads(store, kept, in_use, now)


def remove_leftovers(store: Store, kept: KeptReleases, leftovers: list[Leftover]) -> None:
    """Remove leftovers from the bucket, markers and manifests first: without them the rest counts as absent.

    Raises:
        StepError: one of the objects is needed; none is removed.
    """
    objects = [leftover.key for leftover in leftovers if not leftover.upload]
    for key in objects:
        _refuse_if_needed(key, kept)
    for is_marker in (True, False):
        store.remove(*(key for key in objects if key.endswith(object_keys.MARKER) is is_marker))
    for leftover in leftovers:
        if leftover.upload:
            store.abort_upload(leftover.upload)


def _refuse_if_needed(key: str, kept: KeptReleases) -> None:
    if not key.startswith((*PREFIXES, object_keys.RUNS)) or (
        kept.live and key.startswith(object_keys.get_release_prefix(kept.live))
    ):
        raise StepError(f"{key} must not be removed; nothing was")


def _find_releases(store: Store, kept: KeptReleases) -> tuple[list[Leftover], set[str]]:
    """Return the objects of old releases, and the sources of a newer release that is not loaded yet."""
    by_release: dict[str, list[ObjectInfo]] = {}
    for one in store.list_objects(object_keys.RELEASES):
        release, _, rest = one.key.removeprefix(object_keys.RELEASES).partition("/")
        if rest and RELEASE_ID.fullmatch(release):
            by_release.setdefault(release, []).append(one)
    unknown = sorted(by_release.keys() - kept.releases)
    known = [release for release in kept.releases if RELEASE_ID.fullmatch(release)]
    waiting: set[str] = set()
    if unknown and unknown[-1] > max(known, default=""):
        manifest = _read_manifest(store, unknown[-1])
        if manifest and manifest.state == ReleaseState.MERGED:  # releases in other states have been dropped
            log.info(f"release {unknown[-1]} is merged and not loaded yet: kept")
            waiting = _list_sources(manifest)
            unknown.pop()
    old = [Leftover(one.key, one.size, "its release is not kept") for release in unknown for one in by_release[release]]
    return old, waiting


def _read_manifest(store: Store, release: str) -> Manifest | None:
    key = object_keys.get_release_manifest_key(release)
    try:
        return Manifest.from_json(store.read_json(key), key)
    except MissingObjectError:
        return None


def _list_sources(manifest: Manifest) -> set[str]:
    return {source.name for source in manifest.sources}


def _find_source_files(store: Store, in_use: set[str]) -> list[Leftover]:
    """Return files and markers whose source is neither configured nor needed."""
    needed = {
        make_key(name)
        for name in in_use
        for make_key in (
            object_keys.get_source_key,
            object_keys.get_source_marker_key,
            object_keys.get_part_key,
            object_keys.get_part_marker_key,
        )
    }
    parts = [
        one
        for one in store.list_objects(object_keys.PARTS)
        if one.key.endswith((object_keys.ZONES, object_keys.MARKER))
    ]
    reason = "its source is no longer configured and no kept release needs it"
    return [
        Leftover(one.key, one.size, reason)
        for one in store.list_objects(object_keys.SOURCES) + parts
        if one.key not in needed
        and "/" not in one.key.removeprefix(object_keys.SOURCES).removeprefix(object_keys.PARTS)
    ]


def _find_uploads(store: Store, kept: KeptReleases, in_use: set[str], now: datetime) -> list[Leftover]:
    targets = [object_keys.LATEST_ZONES]
    for name in sorted(in_use):
        targets += [object_keys.get_source_key(name), object_keys.get_part_key(name)]
    targets += [
        object_keys.get_release_prefix(release) + name
        for release in sorted(kept.releases)
        for name in object_keys.RELEASE_FILES
    ]
    found: dict[tuple[str, str], UnfinishedUpload] = {}
    for prefix in ("", *PREFIXES, *targets):
        for one in store.list_unfinished_uploads(prefix):
            if one.key.startswith(PREFIXES) and one.started and now - one.started > MAX_UPLOAD_AGE:
                found[one.key, one.id] = one
    return [Leftover(one.key, 0, "an unfinished upload", one) for one in found.values()]


def _find_run_documents(objects: Sequence[ObjectInfo], keep: timedelta, now: datetime) -> list[Leftover]:
    """Return plans and summaries of runs that ended long ago; a run without a summary may still need its plan."""
    ended = {
        object_keys.find_run_name(one.key)
        for one in objects
        if one.key != object_keys.get_run_plan_key(object_keys.find_run_name(one.key))
    }
    found = []
    for one in objects:
        run = object_keys.find_run_name(one.key)
        limit = keep if run in ended else max(keep, MAX_RUN_AGE)
        if run and one.modified and now - one.modified > limit:
            found.append(Leftover(one.key, one.size, f"its run is older than {limit.days} days"))
    return found
