# SPDX-License-Identifier: Apache-2.0
"""From an OSM extract to a file of zones."""

from __future__ import annotations

import gc
import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from . import formats, hierarchy, inclusion, incomplete, names, processes, topology
from .build import build
from .errors import CosmogonyError, IncompleteError
from .findings import Row
from .formats import Format
from .incomplete import IncompleteRelation
from .memory import give_back
from .progress import Progress, silent
from .reader import Extract, read
from .records import Records
from .rules import Rules, load_rules
from .stats import Statistics
from .voronoi import Voronoi
from .writers import ZoneWriter
from .zone import Zone

log = logging.getLogger("cosmogony")

FailOnIncomplete = Literal["own", "any"]


@dataclass(slots=True)
class GenerateResult:
    """What was written, and what should be looked at."""

    zones: int
    with_geometry: int
    generated: int
    by_type: dict[str, int]
    by_country: dict[str, dict[str, int]]
    country: str | None
    incomplete: list[IncompleteRelation]
    broken: list[str]
    statistics: dict[str, Any]
    rules_digest: str
    as_original: bool = False
    left_out: list[Row] = field(default_factory=list)
    repaired: list[Row] = field(default_factory=list)
    pairs: int = 0
    exact_pairs: int = 0
    stages: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain JSON values."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return {**plain, "incomplete": [relation.as_dict() for relation in self.incomplete]}


class _Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            give_back()
            self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - began
            log.debug("%s: %.2f s", name, self.stages[name])


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
    """Make the zones of `input` and write them to `output`; the format follows from the name.

    `as_original` gives the zones of Cosmogony 0.14.5 instead of corrected ones.
    """
    source, target = Path(input), Path(output)
    form = formats.detect(target)
    tables = _tables(form)
    rules = rules or load_rules()
    code = _known_country(country_code, rules)
    workers = threads if threads is not None else processes.available()
    if workers < 1:
        raise CosmogonyError(f"threads: {workers} is not a number of processes, 1 or more is needed")
    log.info("rules %s from %s", rules.digest[:16], rules.origin)
    clock = _Clock()
    report = progress or silent
    with formats.whole_file(target) as part, _no_collection():
        zones, extract, statistics, found, cuts = _zones(
            source, rules, code, 0 if disable_voronoi else workers, clock, report
        )
        kept = [zone for zone in zones if zone.type is not None]
        statistics.count(kept)
        own = incomplete.own_country(zones, code)
        with clock.stage("check"):
            missing = incomplete.report(cuts, zones, extract, own)
            broken = _broken(cuts, found)
        _tell(missing, broken, own, fail_on_incomplete)
        records = Records(zones, extract.ways, filter_langs)
        with clock.stage("write"):
            if tables is not None:
                tables(part, form, kept, records, report)
            else:
                meta = {"osm_filename": source.name, "stats": statistics.as_dict()}
                ZoneWriter(form, workers, report).write(part, kept, records, meta)
    if not no_stats:
        log.info("%s", statistics.summary())
    by_type, by_country = count(kept, zones)
    log.info("%s: %d zones written", target, len(kept))
    return GenerateResult(
        zones=len(kept),
        with_geometry=sum(zone.has_geometry for zone in kept),
        generated=sum(zone.generated and zone.has_geometry for zone in kept),
        by_type=by_type,
        by_country=by_country,
        country=own,
        incomplete=missing,
        broken=broken,
        statistics=statistics.as_dict(),
        rules_digest=rules.digest,
        as_original=as_original,
        pairs=found.pairs,
        exact_pairs=found.exact,
        stages=clock.stages,
    )


@contextmanager
def _no_collection() -> Iterator[None]:
    """No cycles are made here; looking for them again and again costs a tenth of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _tables(form: Format) -> Any:
    if form not in (Format.PARQUET, Format.FLATGEOBUF):
        return None
    from . import tables  # needs the extra `formats`

    tables.check(form)
    return tables.write


def _known_country(country_code: str | None, rules: Rules) -> str | None:
    if not country_code:
        return None
    code = country_code.upper()
    if code not in rules:
        raise CosmogonyError(
            f"country {country_code!r}: the rules know no such country. "
            "Give an ISO 3166-1 alpha-2 code, or a table that has it with --rules."
        )
    return code


def _zones(
    source: Path, rules: Rules, code: str | None, voronoi_workers: int, clock: _Clock, report: Progress
) -> tuple[list[Zone], Extract, Statistics, inclusion.Inclusions, list[incomplete.Cut]]:
    cuts: list[incomplete.Cut] = []
    statistics = Statistics()
    with clock.stage("read"):
        extract = read(source, report)
    log.info("%s: %d boundary relations, %d ways", source.name, len(extract.relations), len(extract.ways.index))
    with clock.stage("areas"):
        zones = build(extract, cuts, report)
    with clock.stage("topology"):
        arcs = topology.build(extract.ways)
    with clock.stage("inclusions"):
        found = inclusion.find(zones, extract.ways, arcs, report)
    del arcs
    with clock.stage("hierarchy"):
        hierarchy.find_countries(zones, found, rules, code)
        hierarchy.set_types(zones, found, rules, statistics)
        hierarchy.set_parents(zones, found)
    if voronoi_workers:
        with clock.stage("voronoi"):
            zones += Voronoi(zones, extract, voronoi_workers).make(report)
    with clock.stage("names"):
        for zone in zones:
            names.add_centre_names(zone)
    return zones, extract, statistics, found, cuts


def _broken(cuts: Sequence[incomplete.Cut], found: inclusion.Inclusions) -> list[str]:
    """What is wrong with geometries, one line each."""
    lines = []
    for cut in cuts:
        area, ref = cut.area, f"relation:{cut.relation.id} {cut.relation.tags.get('name', '')!r}"
        if area.open_rings and not area.missing:
            lines.append(f"{ref}: {area.open_rings} rings do not close, left out")
        if area.flat_rings:
            lines.append(f"{ref}: {area.flat_rings} rings have no area, left out")
        if area.lost_holes:
            lines.append(f"{ref}: {area.lost_holes} inner rings are in no outer ring, left out")
    lines += [f"{osm_id}: its border crosses or touches itself, kept as it is" for osm_id in found.irregular]
    return lines


def _tell(
    missing: Sequence[IncompleteRelation], broken: Sequence[str], own: str | None, refuse: FailOnIncomplete | None
) -> None:
    for line in broken:
        log.debug("geometry: %s", line)
    if broken:
        log.info("%d borders are not clean (RUST_LOG=debug lists them)", len(broken))
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


def count(kept: Sequence[Zone], zones: Sequence[Zone]) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Zones by type, and by country and type; a zone without country counts for the one above it."""
    by_type: Counter[str] = Counter()
    by_country: dict[str, Counter[str]] = {}
    for zone in kept:
        above: Zone | None = zone
        while above is not None and above.country is None:
            above = None if above.parent is None else zones[above.parent]
        by_type[zone.type_word] += 1
        by_country.setdefault(above.country if above and above.country else "", Counter())[zone.type_word] += 1
    return dict(sorted(by_type.items())), {c: dict(sorted(n.items())) for c, n in sorted(by_country.items())}
