# SPDX-License-Identifier: Apache-2.0
"""Step merge: turn exactly the parts of the plan into one release; its manifest is written last."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from cosmogony import merge as extractor_merge
from cosmogony.merge import MergeResult
from cosmogony.version import COMPATIBLE_VERSION
from cosmogony_steps import heartbeat, log, object_keys
from cosmogony_steps.documents import (
    DroppedZone,
    IncompleteOfSource,
    Inputs,
    Manifest,
    ManifestCounts,
    ManifestSource,
    PartMarker,
    ReleaseState,
    SkippedSources,
    SourceMarker,
    StepSeconds,
    Versions,
    ZonesFile,
    to_json,
)
from cosmogony_steps.errors import StepError
from cosmogony_steps.s3 import Store
from cosmogony_steps.shortening import join_first

from ..extractor import report_stages
from ..parallel import map_in_threads_or_return_errors
from ..release import markers
from ..release.inputs import add_sources, digest_inputs, make_release_id
from ..release.left_out import sum_findings
from ..release.markers import ReleasePart
from ..release.warnings import find_warnings
from ..sources.source_config import SourceConfig
from ..transfer.files import download_object, translate_disk_errors, upload_file
from ..transfer.scratch_space import estimate_merge_mib, is_too_small_to_merge

MAX_DROPPED = 1000  # most dropped copies that a manifest lists; a thousand sources have hundreds of thousands


class MissingPartError(StepError):
    """The stored zones of a source are missing, outdated or damaged, so that they cannot be merged."""


def merge_parts(
    store: Store,
    items: Sequence[SourceConfig],
    inputs: Inputs,
    started: datetime,
    *,
    scratch: Path,
    disk: int | None = None,
) -> Manifest:
    """Merge the stored zones of sources into a release; return one that was made with the same start already.

    Args:
        store: the bucket.
        items: the sources, whose zones must be up to date.
        inputs: what the release is made from besides them.
        started: when the run began.
        scratch: folder for the files of zones.
        disk: free bytes in it, None if unknown.

    Returns:
        The manifest of the release.

    Raises:
        StepError: zones of a source are missing, outdated or damaged, or need more scratch space.
        TransientError: the bucket does not answer now.
    """
    began = time.monotonic()
    parts = _find_parts(store, items, inputs)
    inputs = add_sources(inputs, items, {part.config.name: part.zones.source.sha256 for part in parts})
    digest = digest_inputs(inputs)
    release = make_release_id(started, digest)
    finished = _find_finished_release(store, release, digest)
    if finished is not None:
        return finished
    _check_disk(parts, disk)
    with translate_disk_errors(scratch, "merge"), tempfile.TemporaryDirectory(prefix="merge-", dir=scratch) as folder:
        heartbeat.watch_file_positions(folder)
        files = {}
        for part in parts:
            path = Path(folder) / f"{part.config.name}.jsonl.gz"
            download_object(store, object_keys.get_part_key(part.config.name), path, part.zones)
            files[path] = part.zones
        merged, result = merge_files(files, Path(folder) / ".merged.jsonl.gz")
        _check_no_zone_lost(parts, result)
        stored = upload_file(store, object_keys.LATEST_ZONES, merged)
    store.copy(object_keys.LATEST_ZONES, object_keys.get_release_zones_key(release), stored.size)
    manifest = Manifest(
        id=release,
        created=markers.get_current_time(),
        state=ReleaseState.MERGED,
        inputs=inputs,
        inputs_digest=digest,
        sources=tuple(_describe_source(part) for part in parts),
        counts=ManifestCounts(zones=result.zones, by_type=result.by_type, by_country=result.by_country),
        dropped=tuple(_describe_dropped(zone) for zone in result.dropped[:MAX_DROPPED]),
        dropped_count=len(result.dropped),
        reparented=result.reparented,
        left_out=sum_findings(part.zones.left_out for part in parts),
        repaired=sum_findings(part.zones.repaired for part in parts),
        incomplete=tuple(
            IncompleteOfSource(source=part.config.name, **to_json(relation))
            for part in parts
            for relation in part.zones.incomplete
        ),
        skipped=SkippedSources(
            fetch=tuple(part.config.name for part in parts if not _is_of_run(part.source.fetched, started)),
            extract=tuple(part.config.name for part in parts if not _is_of_run(part.zones.extracted, started)),
        ),
        warnings=tuple(warning for part in parts for warning in find_warnings(part)),
        versions=Versions(extractor=f"{COMPATIBLE_VERSION} ({inputs.extractor[:12]})", rules=inputs.rules),
        zones_file=ZonesFile(size=stored.size, sha256=stored.sha256),
        durations={  # seconds of work in this run, added up over sources, which are processed in parallel
            "fetch": _sum_seconds(part.source for part in parts if _is_of_run(part.source.fetched, started)),
            "extract": _sum_seconds(part.zones for part in parts if _is_of_run(part.zones.extracted, started)),
            "merge": round(time.monotonic() - began, 1),
        },
    )
    store.write_json(object_keys.get_release_manifest_key(release), manifest.to_json())
    log.info(f"release {release}: {result.zones} zones, parts: {len(parts)}, left out: {len(result.dropped)}")
    return manifest


def merge_files(files: dict[Path, PartMarker], target: Path) -> tuple[Path, MergeResult]:
    """Merge files of zones into one; a single file is returned without a copy, since it needs no comparison.

    Args:
        files: the files and their markers.
        target: the file to write.

    Returns:
        The merged file, and what it contains.

    Raises:
        StepError: zones are refused, or a file is damaged.
    """
    if len(files) == 1:
        [(path, marker)] = files.items()
        return path, MergeResult(marker.zones, marker.counts.by_type, marker.counts.by_country)
    with report_stages("merge") as progress:
        result = extractor_merge.merge(list(files), target, progress=progress)
    progress.finish(result.zones)
    return target, result


def _find_parts(store: Store, items: Sequence[SourceConfig], inputs: Inputs) -> list[ReleasePart]:
    """Return the part of every source, ordered by name of the source.

    Raises:
        StepError: parts are missing or made from other inputs; the message names all of them.
    """

    def find_part(item: SourceConfig) -> ReleasePart:
        source, part = markers.read_source_marker(store, item), markers.read_part_marker(store, item)
        heartbeat.beat(f"looked up the part of {item.name}")
        if source is None or part is None:
            raise MissingPartError(f"source {item.name} has no zones yet")
        if part.digest != markers.digest_part_inputs(item, source.sha256, inputs):
            raise MissingPartError(
                f"the zones of source {item.name} are of another file, rules, extractor, languages or as_original"
            )
        if not markers.is_intact(part, store.find_info(object_keys.get_part_key(item.name))):
            raise MissingPartError(f"{object_keys.get_part_key(item.name)} is not what its marker describes")
        return ReleasePart(item, source, part)

    found = map_in_threads_or_return_errors(find_part, sorted(items, key=lambda item: item.name))
    missing = [str(error) for error in found if isinstance(error, MissingPartError)]
    for error in found:
        if isinstance(error, StepError) and not isinstance(error, MissingPartError):
            raise error
    if missing:
        for message in missing:
            log.error(message)
        named = join_first(missing, separator="; ")
        raise StepError(f"no release without all its sources: {named}; run fetch and extract for them")
    return [part for part in found if isinstance(part, ReleasePart)]


def _find_finished_release(store: Store, release: str, digest: str) -> Manifest | None:
    key = object_keys.get_release_manifest_key(release)
    document = store.find_json(key)
    if document is None or document.get("inputs_digest") != digest:
        return None
    manifest = Manifest.from_json(document, key)
    found = store.find_info(object_keys.get_release_zones_key(release))
    if found is None or manifest.zones_file is None or found.size != manifest.zones_file.size:
        return None
    log.info(f"release {release} is merged already")
    return manifest


def _check_disk(parts: list[ReleasePart], disk: int | None) -> None:
    sizes = [part.zones.size for part in parts]
    if disk is not None and is_too_small_to_merge(disk, sizes):
        raise StepError(
            f"merge: {log.format_bytes(disk)} of scratch space are too little for {len(parts)} files of zones; give the"
            f" step {estimate_merge_mib(sizes)}Mi of ephemeral storage, or update again: their sizes are known now"
        )


def _check_no_zone_lost(parts: list[ReleasePart], result: MergeResult) -> None:
    before = sum(part.zones.zones for part in parts)
    after = result.zones + len(result.dropped)
    if before != after:
        raise StepError(f"merge: {before} zones went in, {after} came out or were dropped; the parts are damaged")


def _is_of_run(moment: datetime | None, started: datetime) -> bool:
    """Return whether `moment` is not before the start of this run, compared in whole seconds as markers have."""
    return moment is not None and moment >= started.replace(microsecond=0)


def _sum_seconds(made: Iterable[SourceMarker | PartMarker]) -> float:
    return round(sum(marker.seconds for marker in made), 1)


def _describe_dropped(zone: dict[str, str]) -> DroppedZone:
    source, kept = (Path(zone[key]).name.removesuffix(".jsonl.gz") for key in ("file", "kept"))
    return DroppedZone(osm_id=zone["osm_id"], source=source, kept_source=kept)


def _describe_source(part: ReleasePart) -> ManifestSource:
    source, zones = part.zones.source, part.zones
    return ManifestSource(
        name=part.config.name,
        url=part.config.redacted_url,
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
