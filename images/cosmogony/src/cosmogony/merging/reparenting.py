# SPDX-License-Identifier: Apache-2.0
"""Find parents in other files: an extract cuts the zones around its area, which another file may have complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.errors import GEOSException

from ..files.recordfile import Record
from ..geometry import geojson
from ..geometry.boxes import find_nested_boxes
from ..osm.reader import Node
from ..zones import names
from ..zones.labels import LabelMaker
from ..zones.zone import Zone
from ..zones.zone_type import ZoneType
from .entry import ZoneEntry, get_type_of_parent

_AREA_TOLERANCE = 1e-9  # share of the area of a child that may lie outside its parent


class CrossFileParentFinder:
    """Finds closer parents of zones among the zones of other files.

    Add the geometries of `find_needed_geometries` before `choose_parents`, and the names of the zones that get a new
    label, and of those above them, before `make_labels`.
    """

    def __init__(self, entries: Sequence[ZoneEntry], by_id: Mapping[int, ZoneEntry]) -> None:
        self._by_id = by_id
        self._entries = [entry for entry in entries if entry.kept]
        self._records: dict[int, Record] = {}
        self._shapes: dict[int, shapely.MultiPolygon] = {}
        self._pairs = self._find_candidates()

    def _find_candidates(self) -> list[tuple[ZoneEntry, ZoneEntry]]:
        """Return the pairs (parent, child) of different files that zone types, boxes and countries allow."""
        zones = [e for e in self._entries if e.box is not None and e.type != ZoneType.NON_ADMINISTRATIVE]
        if len({entry.file for entry in zones}) < 2:
            return []
        boxes = np.array([entry.box for entry in zones], dtype=np.float64)
        types = np.array([entry.type for entry in zones])
        files = np.array([entry.file for entry in zones])
        parent_types = np.array([get_type_of_parent(entry, self._by_id) for entry in zones])
        pairs: list[tuple[ZoneEntry, ZoneEntry]] = []
        for outer, inner in find_nested_boxes(boxes):
            closer = (
                (files[outer] != files[inner]) & (types[outer] > types[inner]) & (types[outer] < parent_types[inner])
            )
            for parent, child in zip(outer[closer].tolist(), inner[closer].tolist(), strict=True):
                if _keeps_country(zones[parent], zones[child]):
                    pairs.append((zones[parent], zones[child]))
        return pairs

    def find_needed_geometries(self) -> set[int]:
        """Return the ids of the zones whose geometries `choose_parents` compares."""
        return {entry.id for pair in self._pairs for entry in pair}

    def add_geometry(self, zone_id: int, record: Record) -> None:
        """Keep the geometry of a zone until `choose_parents`."""
        self._shapes[zone_id] = geojson.build_shape(geojson.parse_geometry(record["geometry"]))

    def choose_parents(self) -> dict[int, int]:
        """Return the id of the new parent by id of the zone, for the zones that get one; forget all geometries."""
        best: dict[int, ZoneEntry] = {}
        by_parent: dict[int, list[ZoneEntry]] = {}
        for parent, child in self._pairs:
            by_parent.setdefault(parent.id, []).append(child)
        for parent_id in sorted(by_parent):
            parent, children = self._by_id[parent_id], by_parent[parent_id]
            shape = self._shapes[parent_id]
            shapely.prepare(shape)
            for child in children:
                known = best.get(child.id)
                if (known is None or parent.type < known.type) and _contains(shape, self._shapes[child.id]):
                    best[child.id] = parent
            shapely.destroy_prepared(shape)
        self._shapes.clear()
        return {child_id: parent.id for child_id, parent in best.items()}

    def include_descendants(self, zone_ids: set[int]) -> set[int]:
        """Return the ids of these zones and of all zones below them in the hierarchy."""
        children: dict[int, list[int]] = {}
        for entry in self._entries:
            if entry.parent is not None:
                children.setdefault(entry.parent, []).append(entry.id)
        found, queue = set(zone_ids), list(zone_ids)
        while queue:
            fresh = [child_id for child_id in children.get(queue.pop(), ()) if child_id not in found]
            found.update(fresh)
            queue.extend(fresh)
        return found

    def include_ancestors(self, zone_ids: Iterable[int]) -> set[int]:
        """Return the ids of these zones and of all zones above them in the hierarchy."""
        found: set[int] = set()
        for zone_id in zone_ids:
            entry: ZoneEntry | None = self._by_id[zone_id]
            while entry is not None and entry.id not in found:
                found.add(entry.id)
                entry = None if entry.parent is None else self._by_id.get(entry.parent)
        return found

    def keep_record_for_labels(self, zone_id: int, record: Record) -> None:
        """Keep the record of a zone, without geometry, until `make_labels`."""
        self._records[zone_id] = {name: value for name, value in record.items() if name not in ("geometry", "bbox")}

    def make_labels(self, zone_ids: set[int]) -> dict[int, dict[str, Any]]:
        """Return the labels of zones under their new parents, in the languages that the files have.

        Returns:
            The keys `label` and `international_labels` of a record, by the id of the zone.
        """
        index = {zone_id: position for position, zone_id in enumerate(sorted(self._records))}
        parents = self._find_parents()
        made = [self._make_zone(zone_id, index, parents[zone_id]) for zone_id in index]
        languages = sorted({code for r in self._records.values() for code in r.get("international_labels") or ()})
        labels = LabelMaker(made, languages or ["-"])
        return {
            zone_id: {
                "label": labels.make_local_label(made[index[zone_id]]),
                "international_labels": labels.make_international_labels(made[index[zone_id]]),
            }
            for zone_id in zone_ids
            if zone_id in index
        }

    def _find_parents(self) -> dict[int, int | None]:
        """Return the id of the parent by id of the zone, for the kept records; a cycle of parents is cut."""
        parents: dict[int, int | None] = {}
        for zone_id in sorted(self._records):
            chain: set[int] = set()
            current: int | None = zone_id
            while current is not None and current not in parents:
                chain.add(current)
                above = self._by_id[current].parent
                parents[current] = above if above in self._records and above not in chain else None
                current = parents[current]
        return parents

    def _make_zone(self, zone_id: int, index: Mapping[int, int], parent: int | None) -> Zone:
        record, entry = self._records[zone_id], self._by_id[zone_id]
        tags = record.get("tags") or {}
        zone = Zone(
            index[zone_id],
            entry.osm_id,
            record["name"],
            tags,
            type=entry.type,
            parent=None if parent is None else index[parent],
            wikidata=record.get("wikidata"),
            names=names.collect_names(tags, record["name"]),
            zip_codes=record.get("zip_codes") or [],
        )
        if record.get("center_tags"):
            zone.centre = Node(0, 0.0, 0.0, record["center_tags"])
            names.add_centre_names(zone)
        return zone


def _keeps_country(parent: ZoneEntry, child: ZoneEntry) -> bool:
    """Return whether child and parent may be of one country: a country, or a zone of unknown country, always may."""
    return child.is_country or None in (parent.country, child.country) or parent.country == child.country


def _contains(parent: shapely.MultiPolygon, child: shapely.MultiPolygon) -> bool:
    """Return whether the parent contains the child, but for rounding errors in generated borders."""
    try:
        if shapely.covers(parent, child):
            return True
        inner = shapely.point_on_surface(child)
        if not shapely.covers(parent, inner):
            return False
        return bool(shapely.difference(child, parent).area <= _AREA_TOLERANCE * child.area)
    except GEOSException:
        return False
