# SPDX-License-Identifier: Apache-2.0
"""Step extract: the zones of one fetched source, skipped when nothing they are made from changed."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from cosmogony_steps import heartbeat, keys, log
from cosmogony_steps.documents import PartMarker, PartSource, SourceMarker
from cosmogony_steps.errors import StepError
from cosmogony_steps.s3 import Store

from .. import engine
from ..release import markers
from ..release.left_out import by_reason
from ..sources.source_config import SourceConfig
from ..transfer.disk import MEBIBYTE, extract_needs
from ..transfer.files import disk_errors, download, upload


@dataclass(frozen=True, slots=True)
class Extracted:
    """What came of the step: the number of zones, and whether they were there already."""

    zones: int
    skipped: bool


def extract(
    store: Store,
    item: SourceConfig,
    languages: tuple[str, ...],
    *,
    as_original: bool = False,
    threads: int | None = None,
    scratch: Path,
    disk: int | None = None,
    progress_file: str | None = None,
) -> Extracted:
    """Bring the zones of a source up to date; the marker is written last.

    Args:
        store: the bucket.
        item: the source, which is fetched already.
        languages: of sources that name none; all where this is empty, too.
        as_original: make the zones of the original program.
        threads: computing threads, all cores when None.
        scratch: folder for the extract and its zones.
        disk: bytes that there are in it, if that is known.
        progress_file: None for Argo's.

    Raises:
        StepError: the source is not fetched, cannot be extracted, or needs more scratch space.
        TransientError: the bucket does not answer now.
    """
    source = _source(store, item)
    digest = markers.part_digest(
        item, source.sha256, languages, engine.rules_digest(), engine.extractor_digest(), as_original
    )
    part = markers.read_part(store, item)
    if part is not None and part.digest == digest and markers.describes(part, store.find(keys.part(item.name))):
        log.info(f"{item.name}: its {part.zones} zones are made from the same file and rules, nothing to extract")
        return Extracted(part.zones, True)
    _check_disk(item, source, disk)
    began = time.monotonic()
    what = f"source {item.name}"
    with disk_errors(scratch, what), tempfile.TemporaryDirectory(prefix="extract-", dir=scratch) as folder:
        heartbeat.follow_files(folder)
        pbf, zones = Path(folder) / item.name, Path(folder) / "zones.jsonl.gz"
        download(store, keys.source(item.name), pbf, source)
        made = engine.generate(
            pbf,
            zones,
            what=what,
            country_code=item.country_code,
            languages=item.effective_languages(languages),
            disable_voronoi=item.disable_voronoi,
            as_original=as_original,
            threads=threads,
            progress_file=progress_file,
        )
        stored = upload(store, keys.part(item.name), zones)
    marker = PartMarker(
        name=item.name,
        digest=digest,
        source=_part_source(source),
        rules=engine.rules_digest(),
        extractor=engine.extractor_digest(),
        languages=item.effective_languages(languages),
        country_code=item.country_code,
        disable_voronoi=item.disable_voronoi,
        as_original=as_original,
        size=stored.size,
        sha256=stored.sha256,
        etag=stored.etag,
        zones=made.zones,
        counts=made.counts,
        country=made.country,
        data_timestamp=made.data_timestamp,
        incomplete=made.incomplete,
        left_out=made.left_out,
        repaired=made.repaired,
        extracted=markers.now(),
        seconds=round(time.monotonic() - began, 1),
    )
    store.write_json(keys.part_marker(item.name), marker.to_json())
    _report(item, marker)
    return Extracted(marker.zones, False)


def _part_source(source: SourceMarker) -> PartSource:
    return PartSource(
        url=source.url,
        file=source.file,
        sha256=source.sha256,
        md5=source.md5,
        size=source.size,
        version_date=source.version_date,
        seconds=source.seconds,
    )


def _source(store: Store, item: SourceConfig) -> SourceMarker:
    marker = markers.read_source(store, item)
    if marker is None:
        raise StepError(f"source {item.name}: not fetched yet; run the fetch step first")
    if not markers.describes(marker, store.find(keys.source(item.name))):
        raise StepError(
            f"source {item.name}: {keys.source(item.name)} is not what its marker describes; fetch it again"
        )
    return marker


def _check_disk(item: SourceConfig, source: SourceMarker, disk: int | None) -> None:
    needed = extract_needs(source.size) * MEBIBYTE
    if disk is not None and disk < needed:
        raise StepError(
            f"source {item.name}: {log.format_bytes(disk)} of scratch space are too little for a file of"
            f" {log.format_bytes(source.size)}; give the step {needed // MEBIBYTE}Mi of ephemeral storage"
        )


def _report(item: SourceConfig, marker: PartMarker) -> None:
    log.info(f"{item.name}: {marker.zones} zones in {marker.seconds} s")
    for rows, words in ((marker.left_out, "left out"), (marker.repaired, "repaired")):
        if counted := by_reason(rows):
            log.info(f"{item.name}: {words}: {', '.join(f'{reason} {n}' for reason, n in counted.items())}")
    if marker.incomplete:
        names = ", ".join(f"{relation.osm_id} {relation.name}" for relation in marker.incomplete[:5])
        log.warn(f"{item.name}: {len(marker.incomplete)} boundaries of its own country are incomplete: {names}")
