# SPDX-License-Identifier: Apache-2.0
"""Step extract: make the zones of one fetched source, unless nothing that they depend on has changed."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from cosmogony.generate import generate
from cosmogony.osm.reader import read_data_timestamp
from cosmogony_steps import heartbeat, log, object_keys
from cosmogony_steps.conversion import convert_value
from cosmogony_steps.documents import (
    IncompleteRelation,
    Inputs,
    PartMarker,
    PartSource,
    PartZoneCounts,
    SourceMarker,
    to_json,
)
from cosmogony_steps.errors import StepError
from cosmogony_steps.s3 import Store

from ..extractor import report_stages
from ..release import markers
from ..release.left_out import count_by_reason, to_finding_rows
from ..sources.source_config import SourceConfig
from ..transfer.files import download_object, translate_disk_errors, upload_file
from ..transfer.scratch_space import MEBIBYTE, estimate_extract_mib


@dataclass(frozen=True, slots=True)
class ExtractResult:
    """The number of zones of a source, and whether the stored ones were up to date and kept."""

    zones: int
    skipped: bool


def extract(
    store: Store,
    item: SourceConfig,
    inputs: Inputs,
    *,
    threads: int | None = None,
    scratch: Path,
    disk: int | None = None,
    progress_file: str | None = None,
) -> ExtractResult:
    """Make and store the zones of a source, unless the stored ones are up to date; the marker is written last.

    Args:
        store: the bucket.
        item: the source, which must have been fetched.
        inputs: rules, extractor and settings that the zones depend on.
        threads: number of processes that compute; None means one per core.
        scratch: folder for the extract and its zones.
        disk: free bytes in it, None if unknown.
        progress_file: the file that Argo reads; None means the one of the environment, blank means none.

    Raises:
        StepError: the source was not fetched, cannot be extracted, or needs more scratch space.
        TransientError: the bucket does not answer now.
    """
    source = _read_source_marker(store, item)
    digest = markers.digest_part_inputs(item, source.sha256, inputs)
    part = markers.read_part_marker(store, item)
    if part is not None and markers.is_part_current(store, item, part, digest):
        log.info(f"{item.name}: its {part.zones} zones are made from the same file and rules, nothing to extract")
        return ExtractResult(part.zones, skipped=True)
    _check_disk(item, source, disk)
    began = time.monotonic()
    subject = f"source {item.name}"
    languages = item.choose_languages(inputs.languages)
    with translate_disk_errors(scratch, subject), tempfile.TemporaryDirectory(prefix="extract-", dir=scratch) as folder:
        heartbeat.watch_file_positions(folder)
        pbf, zones = Path(folder) / item.name, Path(folder) / "zones.jsonl.gz"
        download_object(store, object_keys.get_source_key(item.name), pbf, source)
        with report_stages(subject, progress_file) as progress:
            result = generate(
                pbf,
                zones,
                country_code=item.country_code or None,
                disable_voronoi=item.disable_voronoi,
                as_original=bool(inputs.as_original),
                filter_langs=languages,
                threads=threads,
                progress=progress,
            )
        progress.finish(result.zones)
        data_timestamp = read_data_timestamp(pbf)
        stored = upload_file(store, object_keys.get_part_key(item.name), zones)
    marker = PartMarker(
        name=item.name,
        digest=digest,
        source=convert_value(to_json(source), PartSource),
        rules=inputs.rules,
        extractor=inputs.extractor,
        languages=languages,
        country_code=item.country_code,
        disable_voronoi=item.disable_voronoi,
        as_original=bool(inputs.as_original),
        size=stored.size,
        sha256=stored.sha256,
        etag=stored.etag,
        zones=result.zones,
        counts=PartZoneCounts(by_type=result.by_type, by_country=result.by_country),
        country=result.country,
        data_timestamp=data_timestamp,
        incomplete=tuple(IncompleteRelation(**to_json(relation)) for relation in result.incomplete if relation.own),
        left_out=to_finding_rows(result.left_out),
        repaired=to_finding_rows(result.repaired),
        extracted=markers.get_current_time(),
        seconds=round(time.monotonic() - began, 1),
    )
    store.write_json(object_keys.get_part_marker_key(item.name), marker.to_json())
    _log_result(item, marker)
    return ExtractResult(marker.zones, skipped=False)


def _read_source_marker(store: Store, item: SourceConfig) -> SourceMarker:
    marker = markers.read_source_marker(store, item)
    if marker is None:
        raise StepError(f"source {item.name}: not fetched yet; run the fetch step first")
    if not markers.is_intact(marker, store.find_info(object_keys.get_source_key(item.name))):
        raise StepError(
            f"source {item.name}: {object_keys.get_source_key(item.name)} is not what its marker describes; "
            "fetch it again"
        )
    return marker


def _check_disk(item: SourceConfig, source: SourceMarker, disk: int | None) -> None:
    needed = estimate_extract_mib(source.size)
    if disk is not None and disk < needed * MEBIBYTE:
        raise StepError(
            f"source {item.name}: {log.format_bytes(disk)} of scratch space are too little for a file of"
            f" {log.format_bytes(source.size)}; give the step {needed}Mi of ephemeral storage"
        )


def _log_result(item: SourceConfig, marker: PartMarker) -> None:
    log.info(f"{item.name}: {marker.zones} zones in {marker.seconds} s")
    for rows, title in ((marker.left_out, "left out"), (marker.repaired, "repaired")):
        if counted := count_by_reason(rows):
            log.info(f"{item.name}: {title}: {', '.join(f'{reason} {n}' for reason, n in counted.items())}")
    if marker.incomplete:
        names = ", ".join(f"{relation.osm_id} {relation.name}" for relation in marker.incomplete[:5])
        log.warn(f"{item.name}: {len(marker.incomplete)} boundaries of its own country are incomplete: {names}")
