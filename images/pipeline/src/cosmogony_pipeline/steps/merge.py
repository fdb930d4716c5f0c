# SPDX-License-Identifier: Apache-2.0
"""Step merge: exactly the parts of the plan become one release; its manifest is written last."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from cosmogony_steps import heartbeat, keys, log
from cosmogony_steps.documents import (
    IncompleteOfSource,
    IncompleteRelation,
    Manifest,
    ManifestSource,
    PartMarker,
    ReleaseState,
    SkippedSources,
    SourceMarker,
    StepSeconds,
    Versions,
    ZonesFile,
)
from cosmogony_steps.errors import StepError
from cosmogony_steps.s3 import Store
from cosmogony_steps.shortening import join_first

from .. import engine
from ..parallel import map_in_threads
from ..release import markers
from ..release.inputs import BuildSettings, inputs_digest, make_inputs, release_id
from ..release.left_out import add_up
from ..release.parts import Part
from ..release.warnings import find_warnings
from ..sources.source_config import SourceConfig
from ..transfer.disk import merge_needs, short
from ..transfer.files import disk_errors, download, upload

LISTED = 1000  # dropped zones: of a thousand sources that share their neighbours there are hundreds of thousands


class MissingPartError(StepError):
    """A source has no zones that could be merged."""


def merge_parts(
    store: Store,
    items: Sequence[SourceConfig],
    settings: BuildSettings,
    started: datetime,
    *,
    scratch: Path,
    disk: int | None = None,
) -> Manifest:
    """Merge the parts of sources; return the manifest. Run again for the same start it finds its work done."""
    began = time.monotonic()
    parts = _parts(store, items, settings)
    inputs = make_inputs(items, {part.config.name: part.zones.source.sha256 for part in parts}, settings)
    digest = inputs_digest(inputs)
    release = release_id(started, digest)
    done = _already_made(store, release, digest)
    if done is not None:
        return done
    _check_disk(parts, disk)
    with disk_errors(scratch, "merge"), tempfile.TemporaryDirectory(prefix="merge-", dir=scratch) as folder:
        heartbeat.follow_files(folder)
        files = []
        for part in parts:
            path = Path(folder) / f"{part.config.name}.jsonl.gz"
            download(store, keys.part(part.config.name), path, part.zones)
            files.append((path, part.zones))
        merged, made = engine.merge(files, Path(folder) / ".merged.jsonl.gz")
        _check_nothing_lost(parts, made)
        stored = upload(store, keys.LATEST_ZONES, merged)
    store.copy(keys.LATEST_ZONES, keys.release_zones(release), stored.size)
    manifest = Manifest(
        id=release,
        created=markers.now(),
        state=ReleaseState.MERGED,
        inputs=inputs,
        inputs_digest=digest,
        sources=tuple(_source(part) for part in parts),
        counts=made.counts,
        dropped=made.dropped[:LISTED],
        dropped_count=len(made.dropped),
        reparented=made.reparented,
        left_out=add_up(part.zones.left_out for part in parts),
        repaired=add_up(part.zones.repaired for part in parts),
        incomplete=tuple(_incomplete(part.config.name, cut) for part in parts for cut in part.zones.incomplete),
        skipped=SkippedSources(
            fetch=tuple(part.config.name for part in parts if not _since(part.source.fetched, started)),
            extract=tuple(part.config.name for part in parts if not _since(part.zones.extracted, started)),
        ),
        warnings=tuple(warning for part in parts for warning in find_warnings(part)),
        versions=Versions(extractor=engine.version(), rules=settings.rules),
        zones_file=ZonesFile(size=stored.size, sha256=stored.sha256),
        durations={
            "fetch": _seconds(part.source for part in parts if _since(part.source.fetched, started)),
            "extract": _seconds(part.zones for part in parts if _since(part.zones.extracted, started)),
            "merge": round(time.monotonic() - began, 1),
        },
    )
    store.write_json(keys.release_manifest(release), manifest.to_json())
    log.info(f"release {release}: {made.counts.zones} zones, parts: {len(parts)}, left out: {len(made.dropped)}")
    return manifest


def _parts(store: Store, items: Sequence[SourceConfig], settings: BuildSettings) -> list[Part]:
    """The marker of every part; those that are missing or of other inputs are named, and none is left out."""

    def look(item: SourceConfig) -> Part:
        source, part = markers.read_source(store, item), markers.read_part(store, item)
        heartbeat.beat(f"looked up the part of {item.name}")
        if source is None or part is None:
            raise MissingPartError(f"source {item.name} has no zones yet")
        wanted = markers.part_digest(
            item, source.sha256, settings.languages, settings.rules, settings.extractor, settings.as_original
        )
        if part.digest != wanted:
            raise MissingPartError(
                f"the zones of source {item.name} are of another file, rules, extractor, languages or as_original"
            )
        if not markers.describes(part, store.find(keys.part(item.name))):
            raise MissingPartError(f"{keys.part(item.name)} is not what its marker describes")
        return Part(item, source, part)

    answers = map_in_threads(look, sorted(items, key=lambda item: item.name))
    problems = [str(answer) for answer in answers if isinstance(answer, MissingPartError)]
    for answer in answers:
        if isinstance(answer, StepError) and not isinstance(answer, MissingPartError):
            raise answer
    if problems:
        for problem in problems:
            log.error(problem)
        named = join_first(problems, separator="; ")
        raise StepError(f"no release without all its sources: {named}; run fetch and extract for them")
    return [answer for answer in answers if isinstance(answer, Part)]


def _already_made(store: Store, release: str, digest: str) -> Manifest | None:
    key = keys.release_manifest(release)
    document = store.find_json(key)
    if document is None or document.get("inputs_digest") != digest:
        return None
    manifest = Manifest.from_json(document, key)
    found = store.find(keys.release_zones(release))
    if found is None or manifest.zones_file is None or found.size != manifest.zones_file.size:
        return None
    log.info(f"release {release} is merged already")
    return manifest


def _check_disk(parts: list[Part], disk: int | None) -> None:
    sizes = [part.zones.size for part in parts]
    if disk is not None and short(disk, sizes):
        raise StepError(
            f"merge: {log.format_bytes(disk)} of scratch space are too little for {len(parts)} files of zones;"
            f" give the step {merge_needs(sizes)}Mi of ephemeral storage, or update again: their sizes are known now"
        )


def _check_nothing_lost(parts: list[Part], made: engine.MergedZones) -> None:
    before = sum(part.zones.zones for part in parts)
    after = made.counts.zones + len(made.dropped)
    if before != after:
        raise StepError(f"merge: {before} zones went in, {after} came out or were dropped; the parts are damaged")


def _since(moment: datetime | None, started: datetime) -> bool:
    """Was it made in this run? Markers tell whole seconds."""
    return moment is not None and moment >= started.replace(microsecond=0)


def _seconds(made: Iterable[SourceMarker | PartMarker]) -> float:
    """What the sources of this run took, one after the other; they were worked on side by side."""
    return round(sum(marker.seconds for marker in made), 1)


def _source(part: Part) -> ManifestSource:
    source, zones = part.zones.source, part.zones
    return ManifestSource(
        name=part.config.name,
        url=part.config.shown,
        file=source.file,
        sha256=source.sha256,
        md5=source.md5,
        size=source.size,
        version_date=(zones.data_timestamp or source.version_date or "")[:10] or None,
        data_timestamp=zones.data_timestamp,
        zones=zones.zones,
        fetched=part.source.fetched,
        extracted=zones.extracted,
        seconds=StepSeconds(fetch=source.seconds, extract=zones.seconds),
    )


def _incomplete(source: str, relation: IncompleteRelation) -> IncompleteOfSource:
    return IncompleteOfSource(
        source=source,
        osm_id=relation.osm_id,
        name=relation.name,
        admin_level=relation.admin_level,
        missing=relation.missing,
        has_geometry=relation.has_geometry,
        own=relation.own,
    )
