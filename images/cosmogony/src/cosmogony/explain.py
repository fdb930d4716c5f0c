# SPDX-License-Identifier: Apache-2.0
"""Explain why an object of an extract became a zone, or why it did not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .decisions import Decisions
from .errors import CosmogonyError, UsageError
from .files.records import RecordMaker
from .original.records import OriginalRecordMaker
from .osm.reader import Extract
from .progress import Progress, ignore_progress
from .rules import Rules
from .run import StageTimer, ZoneRun
from .zones.zone import Zone

_OBJECT = re.compile(r"(relation|node):-?[1-9][0-9]*")


def explain(
    source: Path,
    osm_id: str,
    *,
    rules: Rules,
    country_code: str | None = None,
    disable_voronoi: bool = False,
    as_original: bool = False,
    progress: Progress = ignore_progress,
) -> list[str]:
    """Make all zones of an extract, write none, and return the decisions about one OSM object as lines of text.

    Args:
        source: the OSM extract.
        osm_id: the object, `relation:ID` or `node:ID`.
        rules: the boundary rules.
        country_code: the country of the whole extract, in upper case.
        disable_voronoi: make no zones of places that are only points.
        as_original: make the zones of Cosmogony 0.14.5, without corrections.
        progress: receives the stage, the units done and the units in all (0 if unknown).

    Returns:
        One line per decision, in the order they were taken.

    Raises:
        UsageError: `osm_id` is not such an id.
        CosmogonyError: the extract cannot be read, or has no such boundary or place.
    """
    if not _OBJECT.fullmatch(osm_id):
        raise UsageError(f"{osm_id!r} is not an object of OSM: write relation:ID or node:ID, such as relation:62273")
    decisions = Decisions(osm_id)
    run = ZoneRun(rules, country_code, 0 if disable_voronoi else 1, as_original=as_original, decisions=decisions)
    zones = run.make_zones(source, StageTimer(), progress)
    tags = _tags(run.extract, osm_id)
    if tags is None:
        raise CosmogonyError(
            f"{source}: has no {osm_id} that could be a zone. Relations need boundary=administrative and an "
            "admin_level, nodes a name and a place tag such as city or suburb."
        )
    run.report_left_out_objects(zones)
    found = [zone for zone in zones if zone.osm_id == osm_id and zone.type is not None]
    lines = [("tags", ", ".join(f"{key}={tags[key]}" for key in sorted(tags) if not key.startswith("name:")))]
    lines += decisions.lines
    lines += list(_result(found, (OriginalRecordMaker if as_original else RecordMaker)(zones, run.extract.ways)))
    width = max(len(subject) for subject, _ in lines)
    return [f"{subject:<{width}}  {text}" for subject, text in lines]


def _result(found: list[Zone], records: RecordMaker) -> Iterator[tuple[str, str]]:
    if not found:
        yield "result", "no zone"
    for zone in found:
        geometry = "" if zone.has_geometry else ", a bare record without geometry"
        yield (
            "result",
            f"{zone.type_name} {records.make_local_label(zone)!r}, country {zone.country or 'none'}{geometry}",
        )


def _tags(extract: Extract, osm_id: str) -> dict[str, str] | None:
    kind, _, number = osm_id.partition(":")
    if kind == "node":
        places = (*extract.nodes.values(), *extract.other_places)
        return next((node.tags for node in places if node.id == int(number)), None)
    return next((relation.tags for relation in extract.relations if relation.id == int(number)), None)
