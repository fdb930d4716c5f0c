# SPDX-License-Identifier: Apache-2.0
"""Make a file of zones from an OSM extract."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .counts import count_by_type_and_country
from .errors import CosmogonyError, IncompleteError
from .files import formats
from .files.formats import Format
from .files.records import RecordMaker
from .files.writers import write_zones
from .findings import MAX_EXAMPLES, DisputedBoundaries, FindingCount
from .original.records import OriginalRecordMaker
from .osm.reader import Extract
from .progress import Progress, ignore_progress
from .reports import incomplete
from .reports.incomplete import IncompleteRelation
from .rules import Rules, load_rules, normalize_country_code
from .run import StageTimer, ZoneRun
from .runtime.memory import pause_garbage_collection
from .runtime.processes import count_available_cores
from .zones.zone import Zone

log = logging.getLogger("cosmogony")

FailOnIncomplete = Literal["own", "any"]


@dataclass(slots=True)
class GenerateResult:
    """What `generate` wrote, and what it left out, repaired and measured."""

    zones: int
    with_geometry: int
    generated: int  # zones made of place nodes by Voronoi
    by_type: dict[str, int]
    by_country: dict[str, dict[str, int]]  # number of zones by country code and zone type
    country: str | None  # code of the country that most zones are in, or that was given
    incomplete: list[IncompleteRelation]
    statistics: dict[str, Any]
    as_original: bool
    left_out: list[FindingCount]
    repaired: list[FindingCount]
    disputed: DisputedBoundaries
    pairs: int  # pairs of zones that were tested for inclusion
    exact_pairs: int  # pairs that the full geometric predicate had to decide
    stages: dict[str, float]  # seconds that each stage took


def generate(
    input: Path | str,
    output: Path | str,
    *,
    country_code: str | None = None,
    disable_voronoi: bool = False,
    filter_langs: Sequence[str] = (),
    threads: int | None = None,
    rules: Rules | None = None,
    no_stats: bool = False,
    progress: Progress = ignore_progress,
    fail_on_incomplete: FailOnIncomplete | None = None,
    as_original: bool = False,
) -> GenerateResult:
    """Make the zones of an OSM extract and write them to a file.

    Args:
        input: the extract (PBF, or another format that pyosmium knows by the name of the file).
        output: the file of zones; its name says the format.
        country_code: the country of the whole extract (ISO 3166-1 alpha-2), None to find it for each zone.
        disable_voronoi: make no zones of places that are only points.
        filter_langs: the languages of labels; empty means all.
        threads: number of processes; None means one per core.
        rules: the boundary rules; None means those of the package.
        no_stats: write no summary to the log.
        progress: receives the stage, the units done and the units in all (0 if unknown).
        fail_on_incomplete: refuse when relations lack members: `own` of the extract's own country, `any` of all.
        as_original: make the zones of Cosmogony 0.14.5, without corrections.

    Raises:
        IncompleteError: relations lack members and `fail_on_incomplete` refuses that.
        CosmogonyError: the extract cannot be read, has no country, or the file cannot be written.
    """
    source, target = Path(input), Path(output)
    form = formats.detect_format(target)
    is_table = form in (Format.PARQUET, Format.FLATGEOBUF)
    if is_table:
        from .files import gis_tables  # imports the libraries of the optional dependency `formats`

        gis_tables.require_format_libraries(form)
    rules = rules or load_rules()
    code = normalize_country_code(country_code, rules)
    processes = count_available_cores() if threads is None else threads
    if processes < 1:
        raise CosmogonyError(f"threads: {processes} is not a number of processes, 1 or more is needed")
    log.info("rules %s from %s", rules.digest[:16], rules.origin)
    timer = StageTimer()
    with formats.write_atomically(target) as part, pause_garbage_collection():
        run = ZoneRun(rules, code, 0 if disable_voronoi else processes, as_original=as_original)
        zones = run.make_zones(source, timer, progress)
        kept = [zone for zone in zones if zone.type is not None]
        run.statistics.count_zones(kept)
        own = incomplete.find_extract_country(zones, code)
        with timer.measure_stage_and_trim_heap("check"):
            losses = run.report_left_out_objects(zones)
            missing = incomplete.find_incomplete_relations(run.builder.flawed, losses.countries, own)
        _log_incomplete(missing, own, fail_on_incomplete)
        losses.write_log()
        disputed = _list_disputed(run.extract)
        records = (OriginalRecordMaker if as_original else RecordMaker)(zones, run.extract.ways, filter_langs)
        with timer.measure_stage_and_trim_heap("write"):
            if is_table:
                gis_tables.write_zone_table(part, form, kept, records, progress)
            else:
                meta = {
                    "osm_filename": source.name,
                    "stats": run.statistics.to_dict(),
                    "left_out": losses.left_out_rows,
                    "repaired": losses.repaired_rows,
                    "disputed": disputed,
                }
                write_zones(part, form, kept, records, meta, processes=processes, progress=progress)
    if not no_stats:
        log.info("%s", run.statistics.summarize())
    by_type, by_country = count_by_type_and_country((zone.type_name, _find_country(zone, zones)) for zone in kept)
    log.info("%s: %d zones written", target, len(kept))
    return GenerateResult(
        zones=len(kept),
        with_geometry=sum(zone.has_geometry for zone in kept),
        generated=sum(zone.generated and zone.has_geometry for zone in kept),
        by_type=by_type,
        by_country=by_country,
        country=own,
        incomplete=missing,
        statistics=run.statistics.to_dict(),
        as_original=as_original,
        left_out=losses.left_out_rows,
        repaired=losses.repaired_rows,
        disputed=disputed,
        pairs=run.inclusions.pairs,
        exact_pairs=run.inclusions.exact,
        stages=timer.stages,
    )


def _list_disputed(extract: Extract) -> DisputedBoundaries:
    examples = [f"relation:{relation_id}" for relation_id in extract.disputed[:MAX_EXAMPLES]]
    count = len(extract.disputed)
    if count:
        log.info("disputed boundaries (boundary=disputed), which make no zones: %d: %s", count, ", ".join(examples))
    return {"count": count, "examples": examples}


def _log_incomplete(missing: Sequence[IncompleteRelation], own: str | None, refuse: FailOnIncomplete | None) -> None:
    """Log the relations with missing members; raise IncompleteError if `refuse` forbids them."""
    ours = [relation for relation in missing if relation.own]
    for relation in missing:
        if relation.own:
            log.warning("incomplete: %s", relation)
        else:
            log.debug("incomplete neighbour: %s", relation)
    if missing:
        log.info(
            "%d relations miss members: %d of %s, %d of its neighbours (an extract always cuts them)",
            len(missing),
            len(ours),
            own or "no known country",
            len(missing) - len(ours),
        )
    refused = {"own": ours, "any": missing}.get(refuse or "", [])
    if refused:
        listed = "; ".join(map(str, refused[:5])) + ("; ..." if len(refused) > 5 else "")
        raise IncompleteError(
            f"{len(refused)} relations are incomplete: {listed}. "
            "Take an extract that covers them, or run without --fail-on-incomplete."
        )


def _find_country(zone: Zone, zones: Sequence[Zone]) -> str:
    """Return the country code of a zone, or of the closest zone above it that has one; blank without one."""
    above: Zone | None = zone
    while above is not None and above.country is None:
        above = None if above.parent is None else zones[above.parent]
    return above.country or "" if above is not None else ""
