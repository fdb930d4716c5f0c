# SPDX-License-Identifier: Apache-2.0
"""Step plan: ask every source what it has, and decide whether there is anything to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cosmogony.rules import load_rules
from cosmogony_steps import heartbeat, log, object_keys
from cosmogony_steps.documents import (
    Batch,
    Inputs,
    PartMarker,
    Plan,
    PlannedSource,
    Programs,
    SourceMarker,
    SourceState,
)
from cosmogony_steps.errors import StepError, UsageError
from cosmogony_steps.retry import Backoff
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings
from cosmogony_steps.shortening import join_first
from msgspec.structs import replace

from ..parallel import map_in_threads_or_return_errors
from ..release import markers
from ..release.inputs import add_sources, digest_inputs
from ..sources import make_source
from ..sources.base import FileVersion
from ..sources.batches import make_batches
from ..sources.source_config import SourceConfig, remove_url_queries
from ..sources.urls import redact_url
from ..transfer import scratch_space
from .batch import MAX_NAMED, raise_failures
from .kept_releases import KeptRelease

MODES = ("full", "changed", "source", "reimport")


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The state of a source: the version on its server, the stored file and zones, and what is to be done."""

    item: SourceConfig
    version: FileVersion | None  # current version on the server, None if it was not asked
    source: SourceMarker | None
    part: PartMarker | None
    changed: bool  # whether the server has another version than the stored one
    fetch: bool
    extract: bool

    @property
    def size(self) -> int:
        """Size of the file of the source in bytes, 0 if unknown."""
        if self.version is not None and self.version.size is not None:
            return self.version.size
        return self.source.size if self.source else 0

    @property
    def part_size(self) -> int:
        """Size of the file of zones of the source in bytes, an estimate if they must be made."""
        return scratch_space.estimate_part_bytes(self.size, self.part, usable=not self.extract)

    @property
    def state(self) -> SourceState:
        """The state that plans give for the source: new, changed, to fetch or extract again, or unchanged."""
        if self.changed:
            return SourceState.CHANGED if self.source else SourceState.NEW
        if self.fetch:
            return SourceState.FETCH_AGAIN
        return SourceState.EXTRACT if self.extract else SourceState.UNCHANGED

    def to_document(self) -> PlannedSource:
        """Return the status of the source as plans store it."""
        stored_date = self.source.version_date if self.source else None
        return PlannedSource(
            name=self.item.name,
            url=self.item.redacted_url,
            resolved_url=self.version.redacted_url if self.version else None,
            version_date=self.version.data_date if self.version else stored_date,
            size=self.size,
            fetch_bytes=self.size if self.fetch else 0,
            md5_published=bool(self.version and self.version.md5),
            state=self.state,
        )


def _find_source_statuses(
    store: Store,
    items: Sequence[SourceConfig],
    asked: Sequence[SourceConfig],
    inputs: Inputs,
    settings: Settings,
    backoff: Backoff,
) -> list[SourceStatus]:
    """Return the status of all sources, asking their servers at the same time.

    Args:
        store: the bucket with markers and files.
        items: all enabled sources.
        asked: those whose servers are asked.
        inputs: what a release is made from besides the sources.
        settings: say where S3 sources are.
        backoff: how often a server is asked, and with which pauses.

    Raises:
        StepError: files are missing or refused; the message names all of them.
        TransientError: servers do not answer now.
    """
    names = {item.name for item in asked}

    def find_status(item: SourceConfig) -> SourceStatus:
        version = backoff.call_with_retries(make_source(item, settings).fetch_version) if item.name in names else None
        source, part = markers.read_source_marker(store, item), markers.read_part_marker(store, item)
        if version is None and source is None:
            raise StepError(f"source {item.name}: not in the store yet; run a full update first")
        changed = version is not None and not markers.is_same_version(source, version)
        digest = markers.digest_part_inputs(item, source.sha256, inputs) if source else ""
        extract = changed or not markers.is_part_current(store, item, part, digest)
        fetch = changed or (
            extract and not markers.is_intact(source, store.find_info(object_keys.get_source_key(item.name)))
        )
        heartbeat.beat(f"{item.name} has answered")
        return SourceStatus(item, version, source, part, changed, fetch, extract)

    found = map_in_threads_or_return_errors(find_status, items)
    failures = [error for error in found if isinstance(error, StepError)]
    if len(failures) > MAX_NAMED:
        for failure in failures:
            log.error(str(failure))
    raise_failures(failures, f"of {len(items)} sources")
    return [status for status in found if isinstance(status, SourceStatus)]


def make_plan(
    store: Store,
    run: str,
    items: Sequence[SourceConfig],
    inputs: Inputs,
    releases: Sequence[KeptRelease],
    settings: Settings,
    *,
    force: bool = False,
    mode: str = "full",
    only: str = "",
    backoff: Backoff | None = None,
) -> Plan:
    """Ask the servers of the sources what they have, decide what is to be done, and return that as a plan.

    Args:
        store: the bucket with markers and files.
        run: name of the workflow.
        items: all enabled sources.
        inputs: what a release is made from besides them.
        releases: those that are kept, the live one first.
        settings: those that all steps of the run work with.
        force: make a release even though nothing is new.
        mode: one of `MODES`.
        only: name or URL of the source that mode `source` asks.
        backoff: how often a source is asked, and with which pauses.

    Raises:
        UsageError: mode, source or country is unknown.
        StepError: a source cannot be read, or the stored zones that the mode relies on are missing or outdated.
        TransientError: a source does not answer now.
    """
    _check_countries(items)
    asked = _choose_asked(items, mode, only)
    statuses = _find_source_statuses(store, items, asked, inputs, settings, backoff or Backoff(attempts=4))
    for status in statuses:
        log.info(_describe_status(status))
    names = {item.name for item in asked}
    work = [status for status in statuses if status.item.name in names]
    if mode == "changed":
        work = [status for status in work if status.extract]
    if mode in ("source", "reimport"):
        _check_stored_zones(statuses, work)
    same = _find_same_release(statuses, inputs, releases)
    forced = force or bool(inputs.reason) or mode == "reimport"
    changed, message = decide_whether_to_release(statuses, same, releases, forced=forced)
    log.info(message)
    release = same.id if same and not changed else ""
    return make_plan_document(run, statuses, work if changed else [], inputs, settings, changed, message, release)


def make_plan_document(
    run: str,
    statuses: Sequence[SourceStatus],
    work: Sequence[SourceStatus],
    inputs: Inputs,
    settings: Settings,
    changed: bool,
    message: str,
    release: str,
) -> Plan:
    """Return the plan document of a run, from the status of its sources and the decision about a release.

    Args:
        run: name of the workflow.
        statuses: of all sources.
        work: those that are fetched and extracted.
        inputs: what the release is made from besides the sources.
        settings: those that all steps of the run work with.
        changed: whether a release is to be made.
        message: why, or why not.
        release: id of the release that is current already, otherwise blank.
    """
    sizes = {status.item.name: status.size for status in statuses}
    batches = make_batches(
        [(status.item.name, status.size or scratch_space.ASSUMED_SIZE) for status in work],
        settings.sources.batch_bytes,
        settings.sources.batch_sources,
    )
    return Plan(
        run=run,
        created=markers.get_current_time(),
        changed=changed,
        message=message,
        release=release,
        reason=inputs.reason,
        items=tuple(status.item.to_plan_item() for status in statuses),
        batches=tuple(
            Batch(
                sources=tuple(names), disk=f"{max(scratch_space.estimate_extract_mib(sizes[name]) for name in names)}Mi"
            )
            for names in batches
        ),
        details=tuple(status.to_document() for status in statuses),
        fetch_bytes=sum(status.size for status in statuses if status.fetch),
        merge_disk=f"{scratch_space.estimate_merge_mib([status.part_size for status in statuses])}Mi",
        programs=Programs(
            rules=inputs.rules, extractor=inputs.extractor, importer=inputs.importer, dashboard=inputs.dashboard
        ),
        settings=remove_url_queries(settings),
    )


def _choose_asked(items: Sequence[SourceConfig], mode: str, only: str) -> list[SourceConfig]:
    if mode not in MODES:
        raise UsageError(f"--mode '{mode}' is unknown; use {', '.join(MODES)}")
    if mode == "reimport":
        return []
    if mode != "source":
        return list(items)
    chosen = [item for item in items if only in (item.name, item.url, item.redacted_url)]
    if not chosen:
        known = join_first([item.name for item in items])
        raise UsageError(f"--only '{redact_url(only)}' is none of the enabled sources; choose one of {known}")
    return chosen


def _check_countries(items: Sequence[SourceConfig]) -> None:
    """Raise UsageError for a country without rules, before a download that may take hours."""
    for item in items:
        if item.country_code and item.country_code not in load_rules():
            raise UsageError(
                f"source {item.name}: no rules for country '{item.country_code}'; correct or leave out country_code"
            )


def _check_stored_zones(statuses: Sequence[SourceStatus], work: Sequence[SourceStatus]) -> None:
    names = {status.item.name for status in work}
    stale = [status.item.name for status in statuses if status.extract and status.item.name not in names]
    if stale:
        raise StepError(
            f"the stored zones of {join_first(stale)} are missing, or of other rules, extractor, languages or"
            " as_original; run a full update"
        )


def _describe_status(status: SourceStatus) -> str:
    version = status.version
    if version is None:
        return f"{status.item.name}: not asked, the stored zones are used"
    size = log.format_bytes(version.size) if version.size is not None else "unknown size"
    date = f" of {version.data_date}" if version.data_date else ""
    return f"{status.item.name}: {version.file_name}{date}, {size}: {status.state}"


def decide_whether_to_release(
    statuses: Sequence[SourceStatus], same: KeptRelease | None, releases: Sequence[KeptRelease], *, forced: bool
) -> tuple[bool, str]:
    """Return whether a release is to be made, and the reason as a message.

    Args:
        statuses: of all sources.
        same: a release that is kept and has the same data, if there is one.
        releases: those that are kept, the live one first.
        forced: make a release even if the same data is live.

    Returns:
        Whether it is to be made, and the reason as a message.
    """
    fetched = [status.item.name for status in statuses if status.fetch]
    extracted = [status.item.name for status in statuses if status.extract and not status.fetch]
    live = next((release for release in releases if release.live), None)
    if same is not None and not forced:
        if same.live:
            return False, f"release {same.id} is current"
        # ids begin with the time: if `same` is newer than the live release, it was rolled back; if older, make another
        if live is None or same.id > live.id:
            return False, (
                f"release {same.id} holds the same data, but release {live.id if live else 'none'} is live (rolled"
                f" back); roll back to {same.id} to publish it, or give a reason for a new release"
            )
    count = f"{len(statuses)} source{'s' if len(statuses) != 1 else ''}"
    rest = "all are in the plan"
    if fetched:
        size = log.format_bytes(sum(status.size for status in statuses if status.fetch))
        return True, f"{len(fetched)} of {count} to fetch ({size}): {join_first(fetched, rest=rest)}"
    if extracted:
        return True, f"{len(extracted)} of {count} to extract again: {join_first(extracted, rest=rest)}"
    if forced and same is not None:
        return True, f"a new release is wanted though release {same.id} has the same data"
    if live is None:
        return True, f"no release is published yet, {count}"
    return True, f"{count} unchanged, but the settings, images or list of sources are not those of release {live.id}"


def _find_same_release(
    statuses: Sequence[SourceStatus], inputs: Inputs, releases: Sequence[KeptRelease]
) -> KeptRelease | None:
    if any(status.changed or status.source is None for status in statuses):
        return None
    sha256 = {status.item.name: status.source.sha256 for status in statuses if status.source}
    complete = add_sources(inputs, [status.item for status in statuses], sha256)
    for release in releases:
        # without --reason, the reason for which another release was made does not count: the data are the same
        alike = complete if inputs.reason else replace(complete, reason=release.reason)
        if release.inputs_digest == digest_inputs(alike):
            return release
    return None
