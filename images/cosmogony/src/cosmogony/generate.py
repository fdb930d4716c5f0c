# SPDX-License-Identifier: Apache-2.0
"""From an OSM extract to a file of zones."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .errors import CosmogonyError, IncompleteError
from .files import formats
from .files.formats import Format
from .files.records import Records
from .files.writers import ZoneWriter
from .findings import MAX_EXAMPLES, DisputedBoundaries, Row
from .original.records import OriginalRecords
from .osm.reader import Extract
from .progress import Progress, silent
from .reports import incomplete
from .reports.incomplete import IncompleteRelation
from .rules import Rules, known_country, load_rules
from .run import StageTimer, ZoneRun
from .runtime import processes
from .runtime.memory import no_garbage_collection
from .zones.zone import Zone

log = logging.getLogger("cosmogony")

FailOnIncomplete = Literal["own", "any"]
TableWriter = Callable[[Path, Format, Sequence[Zone], Records, Progress], None]


@dataclass(slots=True)
class GenerateResult:
    """What was written, and what deserves attention."""

    zones: int
    with_geometry: int
    generated: int
    by_type: dict[str, int]
    by_country: dict[str, dict[str, int]]
    country: str | None
    incomplete: list[IncompleteRelation]
    statistics: dict[str, Any]
    rules_digest: str
    as_original: bool = False
    left_out: list[Row] = field(default_factory=list)
    repaired: list[Row] = field(default_factory=list)
    disputed: DisputedBoundaries = field(default_factory=lambda: DisputedBoundaries(count=0, examples=[]))
    pairs: int = 0  # of zones that were tested for inclusion
    exact_pairs: int = 0  # of these, by the full geometric predicate
    stages: dict[str, float] = field(default_factory=dict)  # seconds

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "incomplete": [relation.as_dict() for relation in self.incomplete]}


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
    progress: Progress | None = None,
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
        progress: receives stage, work done and work in all.
        fail_on_incomplete: refuse when relations lack members: `own` of the extract's own country, `any` of all.
        as_original: make the zones of Cosmogony 0.14.5, without corrections.

    Raises:
        IncompleteError: relations lack members and `fail_on_incomplete` refuses that.
        CosmogonyError: the extract cannot be read, has no country, or the file cannot be written.
    """
    source, target = Path(input), Path(output)
    form = formats.detect(target)
    write_table = _table_writer(form)
    rules = rules or load_rules()
    code = known_country(country_code, rules)
    workers = threads if threads is not None else processes.count_available_cores()
    if workers < 1:
        raise CosmogonyError(f"threads: {workers} is not a number of processes, 1 or more is needed")
    log.info("rules %s from %s", rules.digest[:16], rules.origin)
    timer = StageTimer()
    report = progress or silent
    with formats.whole_file(target) as part, no_garbage_collection():
        run = ZoneRun(rules, code, 0 if disable_voronoi else workers, as_original=as_original)
        zones = run.make_zones(source, timer, report)
        kept = [zone for zone in zones if zone.type is not None]
        run.statistics.count_zones(kept)
        own = incomplete.find_own_country(zones, code)
        with timer.stage("check"):
            losses = run.find_losses(zones)
            missing = incomplete.find_incomplete(run.builder.flawed, losses.countries, own)
        _log_incomplete(missing, own, fail_on_incomplete)
        losses.write_log()
        disputed = _list_disputed(run.extract)
        records = (OriginalRecords if as_original else Records)(zones, run.extract.ways, filter_langs)
        with timer.stage("write"):
            if write_table is not None:
                write_table(part, form, kept, records, report)
            else:
                meta = {
                    "osm_filename": source.name,
                    "stats": run.statistics.as_dict(),
                    "left_out": losses.left_out,
                    "repaired": losses.repaired,
                    "disputed": disputed,
                }
                ZoneWriter(form, workers, report).write(part, kept, records, meta)
    if not no_stats:
        log.info("%s", run.statistics.summary())
    by_type, by_country = count_zones(kept, zones)
    log.info("%s: %d zones written", target, len(kept))
    return GenerateResult(
        zones=len(kept),
        with_geometry=sum(zone.has_geometry for zone in kept),
        generated=sum(zone.generated and zone.has_geometry for zone in kept),
        by_type=by_type,
        by_country=by_country,
        country=own,
        incomplete=missing,
        statistics=run.statistics.as_dict(),
        rules_digest=rules.digest,
        as_original=as_original,
        left_out=losses.left_out,
        repaired=losses.repaired,
        disputed=disputed,
        pairs=run.inclusions.pairs,
        exact_pairs=run.inclusions.exact,
        stages=timer.stages,
    )


def _table_writer(form: Format) -> TableWriter | None:
    if form not in (Format.PARQUET, Format.FLATGEOBUF):
        return None
    from .files import tables  # needs the extra `formats`

    tables.require_library(form)
    return tables.write_table


def _list_disputed(extract: Extract) -> DisputedBoundaries:
    found = extract.disputed
    if found:
        named = ", ".join(f"relation:{ref}" for ref in found[:MAX_EXAMPLES])
        log.info("disputed boundaries (boundary=disputed), which make no zones: %d: %s", len(found), named)
    return {"count": len(found), "examples": [f"relation:{ref}" for ref in found[:MAX_EXAMPLES]]}


def _log_incomplete(missing: Sequence[IncompleteRelation], own: str | None, refuse: FailOnIncomplete | None) -> None:
    """Name the cut relations of the own country, and refuse them if the caller asked for it."""
    ours = [relation for relation in missing if relation.own]
    for relation in ours:
        log.warning("incomplete: %s", relation)
    for relation in missing:
        if not relation.own:
            log.debug("incomplete neighbour: %s", relation)
    if missing:
        log.info(
            "%d relations miss members: %d of %s, %d of its neighbours (an extract always cuts them)",
            len(missing),
            len(ours),
            own or "no known country",
            len(missing) - len(ours),
        )
    refused = {"own": ours, "any": list(missing)}.get(refuse or "", [])
    if refused:
        listed = "; ".join(map(str, refused[:5])) + ("; ..." if len(refused) > 5 else "")
        raise IncompleteError(
            f"{len(refused)} relations are incomplete: {listed}. "
            "Take an extract that covers them, or run without --fail-on-incomplete."
        )


def count_zones(kept: Sequence[Zone], zones: Sequence[Zone]) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Count zones by type, and by country and type; a zone without country counts for the one above it."""
    by_type: Counter[str] = Counter()
    by_country: dict[str, Counter[str]] = {}
    for zone in kept:
        above: Zone | None = zone
        while above is not None and above.country is None:
            above = None if above.parent is None else zones[above.parent]
        by_type[zone.type_word] += 1
        by_country.setdefault(above.country if above and above.country else "", Counter())[zone.type_word] += 1
    return dict(sorted(by_type.items())), {c: dict(sorted(n.items())) for c, n in sorted(by_country.items())}
