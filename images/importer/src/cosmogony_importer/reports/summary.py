# SPDX-License-Identifier: Apache-2.0
"""Summarise a run from what its steps stored in the S3 store and in the catalog.

There is always a summary: servers that cannot be reached are named in its warnings.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

import psycopg
from cosmogony_steps import object_keys
from cosmogony_steps.documents import (
    ABSENT,
    CountStatus,
    DocumentError,
    DroppedZonesSummary,
    FindingRow,
    FindingSummary,
    GateReport,
    GateVerdict,
    LiveRelease,
    Manifest,
    PartMarker,
    Plan,
    ReleaseState,
    RunResult,
    RunSummary,
    SourceMarker,
    Statistics,
    StatusCounts,
    StepSeconds,
    SummaryCounts,
    SummaryInputs,
    SummarySource,
)
from cosmogony_steps.errors import MissingObjectError, StepError
from cosmogony_steps.postgres import DatabaseAddress, translate_database_error
from cosmogony_steps.s3 import Store
from cosmogony_steps.s3.server import MAX_CONNECTIONS
from cosmogony_steps.settings import DatabaseSettings, Settings, SourceSettings

from ..checks import completeness, left_out
from ..database import sessions
from ..progress import format_duration
from ..releases import catalog, durations, migrations
from .ended_run import EndedRun

MAX_LISTED = 50  # first entries that a list in the summary has, next to the number of all

SOURCE_FIELDS = ("url", "file", "version_date", "size", "sha256")  # of a marker, copied to the summary

T = TypeVar("T")


@dataclass
class RunFacts:
    """What the bucket and the database contain about a run, from which its summary is made."""

    manifest: Manifest = field(default_factory=lambda: Manifest(id=""))  # an empty id stands for none
    sources: list[SummarySource] = field(default_factory=list)
    release: catalog.Release | None = None
    gate: GateReport | None = None
    live: catalog.Release | None = None
    live_known: bool = False
    steps: dict[str, float] = field(default_factory=dict)  # seconds that each step took
    statuses: StatusCounts | None = None  # how many expected counts are ok, ko and skipped
    warnings: list[str] = field(default_factory=list)


def summarise_run(run: EndedRun, store: Store | None, settings: Settings) -> RunSummary:
    """Return the summary of a run, from what the bucket and the database contain.

    Args:
        run: the workflow.
        store: the S3 store; None if none is configured.
        settings: address of the database, and the sources of a run that has neither release nor plan.
    """
    facts = RunFacts()
    with _warn_if_unreachable(facts, "the S3 store"):
        if store is not None:
            _read_store(run, store, settings.sources.extracts, facts)
    with _warn_if_unreachable(facts, "the database"):
        _read_database(run, settings.database, facts)
    return _make_summary(run, facts)


@contextmanager
def _warn_if_unreachable(facts: RunFacts, what: str) -> Iterator[None]:
    try:
        yield
    except StepError as error:
        facts.warnings.append(f"{what} could not be reached for this summary: {error}")
    except psycopg.Error as error:
        facts.warnings.append(f"{what} could not be reached for this summary: {translate_database_error(error)}")


def _read_store(run: EndedRun, store: Store, extracts: Sequence[SourceSettings], facts: RunFacts) -> None:
    if run.release_prefix:
        listed = store.list_objects(f"{object_keys.RELEASES}{run.release_prefix}")
        if manifests := [one.key for one in listed if one.key.endswith("/manifest.json")]:
            found = _find_document(store, max(manifests), Manifest.from_json, facts.warnings)
            facts.manifest = found or facts.manifest
    if facts.manifest.id:
        key = object_keys.get_release_statistics_key(facts.manifest.id)
        if statistics := _find_document(store, key, Statistics.from_json, facts.warnings):
            facts.statuses = StatusCounts(**{status: statistics.count_with_status(status) for status in CountStatus})
        written = store.find_info(key)
        if written and (seconds := written.metadata.get("seconds")):
            facts.steps["stats"] = float(seconds)
        names = [source.name for source in facts.manifest.sources]
    else:
        plan = _find_document(store, object_keys.get_run_plan_key(run.name), Plan.from_json, facts.warnings)
        enabled = [urlsplit(extract.url).path.rpartition("/")[2] for extract in extracts if extract.enabled]
        names = [item.name for item in plan.items] if plan else enabled
    with ThreadPoolExecutor(MAX_CONNECTIONS) as pool:  # the first error cancels the requests that did not start
        for source, warnings in pool.map(lambda name: _describe_source(run, store, name), names):
            facts.sources.append(source)
            facts.warnings += warnings


def _find_document(store: Store, key: str, convert: Callable[[object, str], T], warnings: list[str]) -> T | None:
    return _read_or_warn(lambda: convert(store.read_json(key), key), warnings)


def _read_or_warn(read: Callable[[], T], warnings: list[str]) -> T | None:
    """Return a document; None if it is missing, or invalid, which is added to the warnings."""
    try:
        return read()
    except MissingObjectError:
        return None
    except DocumentError as error:
        warnings.append(str(error))
        return None


def _describe_source(run: EndedRun, store: Store, name: str) -> tuple[SummarySource, list[str]]:
    """Return what the markers say is stored of a source, whether this run brought it, and warnings."""
    warnings: list[str] = []
    source = _find_document(store, object_keys.get_source_marker_key(name), SourceMarker.from_json, warnings)
    part = _find_document(store, object_keys.get_part_marker_key(name), PartMarker.from_json, warnings)
    is_fetched = bool(source and _happened_in(run, source.fetched))
    is_extracted = bool(part and _happened_in(run, part.extracted))
    of_file = {field: getattr(source, field) for field in SOURCE_FIELDS} if source else {}
    found = SummarySource(
        name=name,
        **of_file,
        zones=part.zones if part else None,
        fetched=is_fetched,
        extracted=is_extracted,
        seconds=StepSeconds(
            fetch=source.seconds if source and is_fetched else 0,
            extract=part.seconds if part and is_extracted else 0,
        ),
    )
    return found, warnings


def _happened_in(run: EndedRun, moment: datetime | None) -> bool:
    return bool(moment and run.started and moment >= run.started.replace(microsecond=0))


def _read_database(run: EndedRun, settings: DatabaseSettings, facts: RunFacts) -> None:
    with sessions.connect(DatabaseAddress.from_settings(settings, os.environ)) as connection:
        migrations.migrate_database(connection)
        kept = catalog.list_releases(connection)
        facts.live = next((release for release in kept if release.live), None)
        facts.live_known = True
        mine = [release for release in kept if run.release_prefix and release.id.startswith(run.release_prefix)]
        facts.release = mine[0] if mine else None
        if facts.release:
            facts.steps |= durations.read_step_durations(connection, facts.release.id)
            facts.gate = _read_or_warn(facts.release.read_gate_report, facts.warnings)


def _make_summary(run: EndedRun, facts: RunFacts) -> RunSummary:
    manifest, release, live = facts.manifest, facts.release, facts.live
    result, published = _get_result(run, facts), _is_published(facts)
    release_id = manifest.id or (release.id if release else None)
    counts, seconds = _collect_counts(facts), _collect_durations(run, facts)
    return RunSummary(
        text=_describe_result(run, facts, result, published, release_id),
        run=run.name,
        status=run.status,
        result=result,
        published=published,
        started=_cut_to_second(run.started),
        finished=datetime.now(UTC).replace(microsecond=0),
        mode=run.get_parameter("mode"),
        reason=run.get_parameter("reason"),
        override=run.get_parameter("override"),
        release=release_id,
        live=LiveRelease(id=live.id, published=_cut_to_second(live.published_at), zones=live.zones) if live else None,
        inputs=SummaryInputs(
            digest=manifest.inputs_digest,
            languages=manifest.inputs.languages if manifest.inputs else None,
            as_original=manifest.inputs.as_original if manifest.inputs else None,
            versions=manifest.versions,
            sources=tuple(facts.sources),
        ),
        counts=counts,
        durations=seconds,
        skipped=tuple(source.name for source in facts.sources if source.zones and not source.extracted),
        dropped=DroppedZonesSummary(
            number=manifest.dropped_count or len(manifest.dropped), zones=manifest.dropped[:MAX_LISTED]
        ),
        left_out=_summarise_table(manifest.left_out),
        repaired=_summarise_table(manifest.repaired),
        gate=facts.gate,
        failures=() if run.has_succeeded else run.failures,
        retried=run.failures if run.has_succeeded else (),
        warnings=(*facts.warnings, *_list_warnings(facts)),
    )


def _is_published(facts: RunFacts) -> bool:
    if facts.release is not None:
        return facts.release.state in (ReleaseState.PUBLISHED, ReleaseState.RETIRED)
    return facts.manifest.state == ReleaseState.PUBLISHED


def _get_result(run: EndedRun, facts: RunFacts) -> RunResult:
    if run.has_succeeded:
        if _is_published(facts):
            return RunResult.PUBLISHED
        is_update = run.get_parameter("mode") in (None, "full", "changed", "source")
        return RunResult.CURRENT if is_update and not facts.manifest.id else RunResult.DONE
    release = facts.release
    if release and release.state == ReleaseState.LOADED and release.verdict == GateVerdict.BLOCKED:
        return RunResult.BLOCKED
    return RunResult.FAILED


def _collect_counts(facts: RunFacts) -> SummaryCounts:
    counts, release = facts.manifest.counts, facts.release
    return SummaryCounts(
        zones=counts.zones if counts else ABSENT,
        by_type=counts.by_type if counts else ABSENT,
        by_country=counts.by_country if counts else ABSENT,
        loaded=release.zones if release and release.zones is not None else ABSENT,
        expected=facts.statuses or ABSENT,
        sources=len(facts.sources),
    )


def _collect_durations(run: EndedRun, facts: RunFacts) -> dict[str, float | None]:
    """Return seconds by step; fetch and extract are sums over sources, which can exceed the total."""
    seconds: dict[str, float | None] = {
        "fetch": round(sum(source.seconds.fetch or 0 for source in facts.sources), 1),
        "extract": round(sum(source.seconds.extract or 0 for source in facts.sources), 1),
    }
    if "merge" in facts.manifest.durations:
        seconds["merge"] = facts.manifest.durations["merge"]
    return {**seconds, **facts.steps, "total": run.seconds}


def _list_warnings(facts: RunFacts) -> list[str]:
    warnings = [
        f"{relation.source}: {completeness.describe_incomplete_boundary(relation)}"
        for relation in facts.manifest.incomplete[:MAX_LISTED]
    ]
    if report := facts.gate:
        if report.verdict == GateVerdict.OVERRIDDEN:
            warnings += [f"overridden: {finding}" for finding in report.findings]
        warnings += report.notes
    if facts.live_known and facts.live is None:
        warnings.append("no release is live")
    return warnings


def _summarise_table(rows: Sequence[FindingRow] | None) -> FindingSummary | None:
    """Return how many objects were left out or repaired by reason, and the rows with the most."""
    if rows is None:
        return None
    largest = sorted(rows, key=lambda row: row.count, reverse=True)
    return FindingSummary(by_reason=left_out.count_by_reason(rows), rows=tuple(largest[:MAX_LISTED]))


def _cut_to_second(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(microsecond=0) if moment else None


def _describe_result(run: EndedRun, facts: RunFacts, result: RunResult, published: bool, release_id: str | None) -> str:
    """Return the result of a run as one line of text."""
    took = f" in {format_duration(run.seconds)}" if run.seconds else ""
    live = facts.live.id if facts.live else None
    if result == RunResult.PUBLISHED:
        zones = _count_zones(facts)
        sources = f"{len(facts.sources)} source{'' if len(facts.sources) == 1 else 's'}"
        override = run.get_parameter("override")
        reason = f", published because: {override}" if override else ""
        return f"{run.name}: release {release_id} is published, {zones} zones of {sources}{took}{reason}"
    word = "is" if published else "stays"
    stays = f"release {live} {word} live" if live else "no release is live"
    if result == RunResult.CURRENT:
        return f"{run.name}: nothing is new, {stays}{took}"
    if result == RunResult.DONE:
        return f"{run.name}: done{took}; {f'release {live} is live' if live else 'no release is live'}"
    if result == RunResult.BLOCKED:
        findings = "; ".join(facts.gate.findings[:3] if facts.gate else ())
        return f"{run.name}: the gate blocks release {release_id} ({findings}); {stays}"
    first = run.failures[0] if run.failures else None
    cause = f" at {first.step}: {first.message}" if first else ""
    return f"{run.name}: {run.status.lower() or 'failed'}{cause}; {stays}"


def _count_zones(facts: RunFacts) -> int | None:
    """Return the number of zones of the release: of the loaded ones, or that of the manifest."""
    if facts.release and facts.release.zones is not None:
        return facts.release.zones
    return facts.manifest.counts.zones if facts.manifest.counts else None
