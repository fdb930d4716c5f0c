# SPDX-License-Identifier: Apache-2.0
"""The extractor of this package as the steps use it."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmogony.errors import CosmogonyError
from cosmogony_steps import heartbeat, log
from cosmogony_steps.documents import (
    DroppedZone,
    FindingRow,
    IncompleteRelation,
    ManifestCounts,
    PartCounts,
    PartMarker,
)
from cosmogony_steps.errors import StepError
from cosmogony_steps.progress import Progress

from .release.left_out import from_extractor

# where each stage begins and ends on the way from 0 to 1
_STAGES = {
    "reading zones": (0.0, 0.8),  # of a merge
    "reading relations": (0.0, 0.1),
    "reading ways": (0.1, 0.25),
    "assembling areas": (0.25, 0.4),
    "measuring areas": (0.4, 0.45),
    "finding inclusions": (0.45, 0.7),
    "dividing parents": (0.7, 0.8),
    "writing zones": (0.8, 1.0),
}


@dataclass(frozen=True, slots=True)
class ExtractedZones:
    """The zones of one source, as a part's marker describes them."""

    zones: int
    counts: PartCounts
    country: str | None
    data_timestamp: str | None
    incomplete: tuple[IncompleteRelation, ...]
    left_out: tuple[FindingRow, ...]
    repaired: tuple[FindingRow, ...]


@dataclass(frozen=True, slots=True)
class MergedZones:
    """The zones of all sources, as a manifest describes them."""

    counts: ManifestCounts
    dropped: tuple[DroppedZone, ...] = ()
    reparented: int = 0


def extractor_digest() -> str:
    """Return the digest of what the extractor makes zones with."""
    from cosmogony.version import build_digest

    return build_digest()


def rules_digest() -> str:
    """Return the digest of the rules for types of zones."""
    from cosmogony.rules import load_rules

    return load_rules().digest


def knows_country(code: str) -> bool:
    """Tell whether there are rules for a country, by its ISO 3166-1 alpha-2 code."""
    from cosmogony.rules import load_rules

    return code in load_rules()


def version() -> str:
    """Return version and digest of the extractor, as a manifest has them."""
    from cosmogony.version import COMPATIBLE_VERSION

    return f"{COMPATIBLE_VERSION} ({extractor_digest()[:12]})"


class StageProgress:
    """The extractor's stages as one way from nothing to all zones; a line whenever a stage begins.

    Each report that says something new is a sign of life, also in stages that Argo's progress has no share for.
    """

    def __init__(self, subject: str, path: str | None = None) -> None:
        self._subject = subject
        self._stage = ""
        self._last = ("", 0, 0)
        self._zones = 0
        self._progress = Progress(
            subject, None, format_amount=lambda count: f"{count:.0f} zones", path=path, line_every=float("inf")
        )

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` are done of a stage; `total` is 0 where nobody knows it."""
        if stage != self._stage:
            self._stage = stage
            log.info(f"{self._subject}: {stage}" + (f" ({total})" if total else ""))
        if (stage, done, total) != self._last:
            self._last = (stage, done, total)
            heartbeat.beat(f"{self._subject}: {stage}", done, total)
        begin, end = _STAGES.get(stage, (0.0, 0.0))
        if stage in ("assembling areas", "writing zones"):
            self._zones = total
        share = begin + (end - begin) * (done / total if total else 0)
        if self._zones and share:
            self._progress.set(int(share * self._zones), self._zones)

    def finish(self, zones: int) -> None:
        """Report that all zones are there."""
        self._progress.set(zones, zones)
        self._progress.end()


def generate(
    source: Path,
    target: Path,
    *,
    what: str,
    country_code: str,
    languages: tuple[str, ...],
    disable_voronoi: bool,
    as_original: bool = False,
    threads: int | None,
    progress_file: str | None = None,
) -> ExtractedZones:
    """Make the zones of the OSM extract `source`; return what a marker says of them."""
    from cosmogony.generate import generate as make

    progress = StageProgress(what, progress_file)
    try:
        result = make(
            source,
            target,
            country_code=country_code or None,
            disable_voronoi=disable_voronoi,
            as_original=as_original,
            filter_langs=languages,
            threads=threads,
            progress=progress,
        )
    except CosmogonyError as cause:
        raise _failure(what, cause) from cause
    except MemoryError as cause:
        raise StepError(f"{what}: not enough memory; raise the memory limit of the extract step") from cause
    progress.finish(result.zones)
    return ExtractedZones(
        zones=result.zones,
        counts=PartCounts(by_type=result.by_type, by_country=result.by_country),
        country=result.country,
        data_timestamp=_data_timestamp(source),
        incomplete=tuple(IncompleteRelation(**relation.as_dict()) for relation in result.incomplete if relation.own),
        left_out=from_extractor(result.left_out),
        repaired=from_extractor(result.repaired),
    )


def _data_timestamp(path: Path) -> str | None:
    """The moment the extract shows, if its header says so."""
    import osmium

    with osmium.io.Reader(str(path), osmium.osm.osm_entity_bits.NOTHING) as reader:
        return reader.header().get("osmosis_replication_timestamp") or reader.header().get("timestamp") or None


def _failure(what: str, cause: CosmogonyError) -> Exception:
    """One line about what failed; a full disk stays an OSError, whoever named the folder can say more about it."""
    below: BaseException | None = cause
    while below is not None:
        if isinstance(below, OSError) and below.errno in (errno.ENOSPC, errno.EDQUOT):
            return OSError(below.errno, below.strerror)
        below = below.__cause__
    return StepError(f"{what}: {' '.join(str(cause).split())}")


def merge(parts: Sequence[tuple[Path, PartMarker]], target: Path) -> tuple[Path, MergedZones]:
    """Make one file of zones out of parts (file and marker each); return it, and what a manifest says of it.

    A single part is the merged file already: zones are compared between files only.
    """
    if len(parts) == 1:
        path, marker = parts[0]
        return path, MergedZones(_counts(marker.zones, marker.counts.by_type, marker.counts.by_country))
    from cosmogony.merge import merge as make

    progress = StageProgress("merge")
    try:
        result = make([path for path, _ in parts], target, progress=progress)
    except CosmogonyError as cause:
        raise _failure("merge", cause) from cause
    progress.finish(result.zones)
    return target, MergedZones(
        _counts(result.zones, result.by_type, result.by_country),
        tuple(_dropped(zone) for zone in result.dropped),
        result.reparented,
    )


def _counts(zones: int, by_type: dict[str, int], by_country: dict[str, dict[str, int]]) -> ManifestCounts:
    return ManifestCounts(zones=zones, by_type=by_type, by_country=by_country)


def _dropped(zone: dict[str, str]) -> DroppedZone:
    """A zone that was left out, with sources instead of files."""
    source, kept = (Path(zone[key]).name.removesuffix(".jsonl.gz") for key in ("file", "kept"))
    return DroppedZone(osm_id=zone["osm_id"], source=source, kept_source=kept)
