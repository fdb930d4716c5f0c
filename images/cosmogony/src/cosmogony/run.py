# SPDX-License-Identifier: Apache-2.0
"""Run the stages that turn an OSM extract into zones with their hierarchy."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .decisions import Decisions
from .geometry import topology
from .hierarchy import inclusion
from .hierarchy.countries import CountryLocator
from .hierarchy.hierarchy import HierarchyBuilder
from .hierarchy.inclusion import ContainingZones
from .hierarchy.statistics import ZoneStatistics
from .original.build import OriginalZoneBuilder
from .original.hierarchy import OriginalHierarchyBuilder
from .original.names import add_centre_name_tags
from .original.voronoi import OriginalVoronoiBuilder
from .osm.reader import Extract, read_extract
from .progress import Progress
from .reports.left_out import LeftOutReport
from .rules import Rules
from .runtime.memory import trim_heap
from .zones.builder import ZoneBuilder
from .zones.names import add_centre_names
from .zones.voronoi import PlaceCandidate, VoronoiBuilder
from .zones.zone import Zone

log = logging.getLogger("cosmogony")


class StageTimer:
    """Measures the seconds that each stage of a run takes, in `stages` by name."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}

    @contextmanager
    def measure_stage_and_trim_heap(self, name: str) -> Iterator[None]:
        """Add the seconds of the `with` block to a stage, then return freed memory to the operating system."""
        began = time.perf_counter()
        try:
            yield
        finally:
            trim_heap()
            self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - began
            log.debug("%s: %.2f s", name, self.stages[name])


class ZoneRun:
    """Makes the zones of one extract, with corrections or as Cosmogony 0.14.5 does.

    Args:
        rules: the boundary rules.
        country_code: the country of all zones, None to find it for each.
        voronoi_processes: processes that make zones of places; with 0 none are made.
        as_original: make the zones of Cosmogony 0.14.5.
        decisions: records the decisions about one object.
    """

    extract: Extract
    builder: ZoneBuilder
    inclusions: ContainingZones

    def __init__(
        self,
        rules: Rules,
        country_code: str | None,
        voronoi_processes: int,
        *,
        as_original: bool = False,
        decisions: Decisions | None = None,
    ) -> None:
        self._rules = rules
        self._country_code = country_code
        self._voronoi_processes = voronoi_processes
        self._as_original = as_original
        self._decisions = decisions or Decisions()
        self.statistics = ZoneStatistics()
        self._without_area: list[PlaceCandidate] = []
        self._repeating: list[PlaceCandidate] = []

    def make_zones(self, source: Path, timer: StageTimer, report: Progress) -> list[Zone]:
        """Return all zones of an extract, also those without a type, each at the position that is its index.

        Raises:
            CosmogonyError: the extract cannot be read, or no country is found in it.
        """
        with timer.measure_stage_and_trim_heap("read"):
            self.extract = read_extract(source, report)
        extract = self.extract
        log.info("%s: %d boundary relations, %d ways", source.name, len(extract.relations), len(extract.ways.index))
        with timer.measure_stage_and_trim_heap("topology"):
            arcs = topology.build_arcs(extract.ways)
        with timer.measure_stage_and_trim_heap("areas"):
            builder = OriginalZoneBuilder if self._as_original else ZoneBuilder
            self.builder = builder(extract, arcs, self._decisions)
            zones = self.builder.build_zones(report)
        with timer.measure_stage_and_trim_heap("inclusions"):
            self.inclusions = inclusion.find_containing_zones(zones, extract.ways, arcs, report)
        del arcs
        with timer.measure_stage_and_trim_heap("hierarchy"):
            self._find_hierarchy(zones)
        if self._voronoi_processes:
            with timer.measure_stage_and_trim_heap("voronoi"):
                zones += self._divide_parents(zones, report)
        with timer.measure_stage_and_trim_heap("names"):
            for zone in zones:
                add_centre_names(zone)
                if self._as_original:
                    add_centre_name_tags(zone)
        return zones

    def report_left_out_objects(self, zones: Sequence[Zone]) -> LeftOutReport:
        """Return the report of the OSM objects that did not become zones, and of those that were repaired."""
        countries = CountryLocator(zones, self.extract.ways)
        losses = LeftOutReport(self.extract, self.builder, countries, self._decisions)
        losses.add_nameless_relations(self.builder.nameless)
        losses.add_flawed_relations(self.builder.flawed)
        losses.add_untyped_zones(zones)
        losses.add_orphan_zones(zones)
        losses.add_places_without_zone(zones, self._without_area, self._repeating)
        return losses

    def _find_hierarchy(self, zones: Sequence[Zone]) -> None:
        hierarchy = (OriginalHierarchyBuilder if self._as_original else HierarchyBuilder)(
            zones, self.inclusions, self._rules, self._decisions
        )
        hierarchy.set_countries(self._country_code)
        hierarchy.set_zone_types(self.statistics)
        hierarchy.set_parents()

    def _divide_parents(self, zones: Sequence[Zone], report: Progress) -> list[Zone]:
        voronoi = (OriginalVoronoiBuilder if self._as_original else VoronoiBuilder)(
            zones, self.extract, self.builder, self._decisions, self._voronoi_processes
        )
        made = voronoi.make_zones(report)
        self._without_area, self._repeating = voronoi.without_area, voronoi.repeating
        return made
