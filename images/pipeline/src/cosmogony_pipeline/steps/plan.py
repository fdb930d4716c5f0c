# SPDX-License-Identifier: Apache-2.0
"""Step plan: ask every source what it has, and tell whether there is anything to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cosmogony_steps import heartbeat, keys, log
from cosmogony_steps.documents import Batch, PartMarker, Plan, PlannedSource, Programs, SourceMarker, SourceState
from cosmogony_steps.errors import StepError, UsageError
from cosmogony_steps.retry import Backoff
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings
from cosmogony_steps.shortening import join_first

from .. import engine
from ..parallel import map_in_threads
from ..release import markers
from ..release.inputs import BuildSettings, inputs_digest, make_inputs
from ..sources import open_source
from ..sources.base import Version
from ..sources.batches import make_batches
from ..sources.source_config import SourceConfig, without_queries
from ..sources.urls import shown
from ..transfer import disk
from .batch import NAMED, raise_failures
from .database import KnownRelease

MODES = ("full", "changed", "source", "reimport")


@dataclass(frozen=True, slots=True)
class Finding:
    """One source: what the server has against what is stored."""

    item: SourceConfig
    version: Version | None  # None: not asked
    source: SourceMarker | None
    part: PartMarker | None
    new: bool  # the server has another version
    fetch: bool
    extract: bool

    @property
    def size(self) -> int:
        """Bytes of the file, 0 where nobody knows them."""
        if self.version is not None and self.version.size is not None:
            return self.version.size
        return self.source.size if self.source else 0

    @property
    def part_size(self) -> int:
        """Bytes of its zones, as far as they are known."""
        return disk.part_size(self.size, self.part, usable=not self.extract)

    @property
    def state(self) -> SourceState:
        """What is to be done with the source, and why."""
        if self.new:
            return SourceState.CHANGED if self.source else SourceState.NEW
        if self.fetch:
            return SourceState.FETCH_AGAIN
        return SourceState.EXTRACT if self.extract else SourceState.UNCHANGED

    def details(self) -> PlannedSource:
        """Return it as a plan has it."""
        stored_date = self.source.version_date if self.source else None
        return PlannedSource(
            name=self.item.name,
            url=self.item.shown,
            resolved_url=self.version.shown if self.version else None,
            version_date=self.version.date if self.version else stored_date,
            size=self.size,
            fetch_bytes=self.size if self.fetch else 0,
            md5_published=bool(self.version and self.version.md5),
            state=self.state,
        )


def survey(
    store: Store,
    items: Sequence[SourceConfig],
    asked: Sequence[SourceConfig],
    build: BuildSettings,
    settings: Settings,
    backoff: Backoff,
) -> list[Finding]:
    """Ask all sources at the same time; every one that cannot be had is named, not only the first."""
    names = {item.name for item in asked}

    def look(item: SourceConfig) -> Finding:
        version = backoff.call(open_source(item, settings).probe) if item.name in names else None
        source, part = markers.read_source(store, item), markers.read_part(store, item)
        if version is None and source is None:
            raise StepError(f"source {item.name}: not in the store yet; run a full update first")
        new = version is not None and not markers.same_version(source, version)
        extract = new or not _part_usable(store, item, source, part, build)
        fetch = new or (extract and not markers.describes(source, store.find(keys.source(item.name))))
        heartbeat.beat(f"{item.name} has answered")
        return Finding(item, version, source, part, new, fetch, extract)

    answers = map_in_threads(look, items)
    failures = [answer for answer in answers if isinstance(answer, StepError)]
    if len(failures) > NAMED:
        for failure in failures:
            log.error(str(failure))
    raise_failures(failures, f"of {len(items)} sources")
    return [answer for answer in answers if isinstance(answer, Finding)]


def _part_usable(
    store: Store, item: SourceConfig, source: SourceMarker | None, part: PartMarker | None, build: BuildSettings
) -> bool:
    if source is None or part is None:
        return False
    wanted = markers.part_digest(item, source.sha256, build.languages, build.rules, build.extractor, build.as_original)
    return part.digest == wanted and markers.describes(part, store.find(keys.part(item.name)))


@dataclass(frozen=True, slots=True)
class Survey:
    """What is to be done, and why."""

    findings: list[Finding]
    work: list[Finding]  # those that go through fetch and extract
    changed: bool
    message: str
    release: str  # the one that is current already, else blank

    def plan(self, run: str, settings: Settings, build: BuildSettings) -> Plan:
        """Return the plan as a document.

        Args:
            run: name of the workflow.
            settings: those that all steps of the run work with.
            build: what a release is made with besides its sources.
        """
        sizes = {finding.item.name: finding.size for finding in self.findings}
        batches = make_batches(
            [(finding.item.name, finding.size or disk.UNKNOWN) for finding in self.work],
            settings.sources.batch_bytes,
            settings.sources.batch_sources,
        )
        return Plan(
            run=run,
            created=markers.now(),
            changed=self.changed,
            message=self.message,
            release=self.release,
            reason=build.reason,
            items=tuple(finding.item.as_plan_item() for finding in self.findings),
            batches=tuple(
                Batch(sources=tuple(names), disk=f"{max(disk.extract_needs(sizes[name]) for name in names)}Mi")
                for names in batches
            ),
            details=tuple(finding.details() for finding in self.findings),
            fetch_bytes=sum(finding.size for finding in self.findings if finding.fetch),
            merge_disk=f"{disk.merge_needs([finding.part_size for finding in self.findings])}Mi",
            programs=Programs(
                rules=build.rules, extractor=build.extractor, importer=build.importer, dashboard=build.dashboard
            ),
            settings=without_queries(settings),
        )


def make_plan(
    store: Store,
    items: Sequence[SourceConfig],
    build: BuildSettings,
    releases: Sequence[KnownRelease],
    settings: Settings,
    *,
    force: bool = False,
    mode: str = "full",
    only: str = "",
    backoff: Backoff | None = None,
) -> Survey:
    """Ask the sources what they have and find out what is to be done.

    Args:
        store: the bucket with markers and files.
        items: all enabled sources.
        build: what a release is made with besides them.
        releases: those that are kept, the live one first.
        settings: say where S3 sources are.
        force: make a release though nothing is new.
        mode: one of `MODES`.
        only: name or URL of the source that mode `source` asks.
        backoff: how often a source is asked, and with which pauses.

    Raises:
        UsageError: mode, source or country is unknown.
        StepError: a source cannot be had, or the zones that the mode takes as they are do not fit.
        TransientError: a source does not answer now.
    """
    _check_countries(items)
    asked = _asked(items, mode, only)
    findings = survey(store, items, asked, build, settings, backoff or Backoff(attempts=4))
    for finding in findings:
        log.info(_describe(finding))
    names = {item.name for item in asked}
    work = [finding for finding in findings if finding.item.name in names]
    if mode == "changed":
        work = [finding for finding in work if finding.extract]
    if mode in ("source", "reimport"):
        _all_parts_usable(findings, work)
    same = _same_release(findings, build, releases)
    forced = force or bool(build.reason) or mode == "reimport"
    changed, message = _judge(findings, same, releases, forced=forced, rest="all are in the plan")
    log.info(message)
    return Survey(findings, work if changed else [], changed, message, same.id if same and not changed else "")


def _asked(items: Sequence[SourceConfig], mode: str, only: str) -> list[SourceConfig]:
    if mode not in MODES:
        raise UsageError(f"--mode '{mode}' is unknown; use {', '.join(MODES)}")
    if mode == "reimport":
        return []
    if mode != "source":
        return list(items)
    chosen = [item for item in items if only in (item.name, item.url, item.shown)]
    if not chosen:
        known = join_first([item.name for item in items])
        raise UsageError(f"--only '{shown(only)}' is none of the enabled sources; choose one of {known}")
    return chosen


def _check_countries(items: Sequence[SourceConfig]) -> None:
    """Better now than after a download of hours."""
    for item in items:
        if item.country_code and not engine.knows_country(item.country_code):
            raise UsageError(
                f"source {item.name}: no rules for country '{item.country_code}'; correct or leave out country_code"
            )


def _all_parts_usable(findings: Sequence[Finding], work: Sequence[Finding]) -> None:
    names = {finding.item.name for finding in work}
    stale = [finding.item.name for finding in findings if finding.extract and finding.item.name not in names]
    if stale:
        raise StepError(
            f"the stored zones of {join_first(stale)} are missing, or of other rules, extractor, languages or"
            " as_original; run a full update"
        )


def _describe(finding: Finding) -> str:
    version = finding.version
    if version is None:
        return f"{finding.item.name}: not asked, the stored zones are used"
    size = log.format_bytes(version.size) if version.size is not None else "unknown size"
    date = f" of {version.date}" if version.date else ""
    return f"{finding.item.name}: {version.file}{date}, {size}: {finding.state}"


def _judge(
    findings: Sequence[Finding],
    same: KnownRelease | None,
    releases: Sequence[KnownRelease],
    *,
    forced: bool,
    rest: str,
) -> tuple[bool, str]:
    new = [finding.item.name for finding in findings if finding.fetch]
    again = [finding.item.name for finding in findings if finding.extract and not finding.fetch]
    live = next((release for release in releases if release.live), None)
    if same is not None and not forced:
        if same.live:
            return False, f"release {same.id} is current"
        # Ids begin with the time: an older one means that the inputs are as they once were, not that one went back.
        if live is None or same.id > live.id:
            return False, (
                f"release {same.id} holds the same data, but release {live.id if live else 'none'} is live (rolled"
                f" back); roll back to {same.id} to publish it, or give a reason for a new release"
            )
    count = f"{len(findings)} source{'s' if len(findings) != 1 else ''}"
    if new:
        size = log.format_bytes(sum(finding.size for finding in findings if finding.fetch))
        return True, f"{len(new)} of {count} to fetch ({size}): {join_first(new, rest=rest)}"
    if again:
        return True, f"{len(again)} of {count} to extract again: {join_first(again, rest=rest)}"
    if forced and same is not None:
        return True, f"a new release is wanted though release {same.id} has the same data"
    if live is None:
        return True, f"no release is published yet, {count}"
    return True, f"{count} unchanged, but the settings, images or list of sources are not those of release {live.id}"


def _same_release(
    findings: Sequence[Finding], build: BuildSettings, releases: Sequence[KnownRelease]
) -> KnownRelease | None:
    if any(finding.new or finding.source is None for finding in findings):
        return None
    digests = {finding.item.name: finding.source.sha256 for finding in findings if finding.source}

    def same(release: KnownRelease) -> bool:
        """A release made for a reason is still the same data when nobody gives one any more."""
        alike = build if build.reason else replace(build, reason=release.reason)
        document = make_inputs([finding.item for finding in findings], digests, alike)
        return release.inputs_digest == inputs_digest(document)

    return next(filter(same, releases), None)
