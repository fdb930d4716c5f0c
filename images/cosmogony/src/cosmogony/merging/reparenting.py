# SPDX-License-Identifier: Apache-2.0
"""Parents across files: an extract cuts the zones above its own, another file may have them whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.errors import GEOSException

from ..files.recordfile import Record
from ..geometry import geojson
from ..osm.reader import Node
from ..zones import names
from ..zones.labels import Labels
from ..zones.zone import Zone
from ..zones.zone_type import ZoneType
from .entry import Entry

_SHARE = 1e-9  # share of a child that may be outside its parent
_LARGEST = len(ZoneType)


class CrossFileParents:
    """Finds, for zones of one file, closer parents in the others."""

    def __init__(self, entries: Sequence[Entry], by_id: Mapping[int, Entry]) -> None:
        self._by_id = by_id
        self._entries = [entry for entry in entries if entry.kept]
        self._records: dict[int, Record] = {}
        self._shapes: dict[int, shapely.MultiPolygon] = {}
        self._pairs = self._candidates()

    def _candidates(self) -> list[tuple[Entry, Entry]]:
        """(parent, child) of different files that types and boxes allow."""
        zones = [e for e in self._entries if e.box is not None and e.type != ZoneType.NON_ADMINISTRATIVE]
        if len({e.file for e in zones}) < 2:
            return []
        box = np.array([e.box for e in zones], dtype=np.float64)
        kind = np.array([e.type for e in zones])
        file = np.array([e.file for e in zones])
        above = np.array([self._type_above(e) for e in zones])
        tree = shapely.STRtree(shapely.box(box[:, 0], box[:, 1], box[:, 2], box[:, 3]))
        pairs: list[tuple[Entry, Entry]] = []
        for at in range(0, len(zones), 1024):
            a, b = tree.query(tree.geometries[at : at + 1024])
            a = a + at
            good = (file[a] != file[b]) & (kind[a] > kind[b]) & (kind[a] < above[b])
            good &= np.all(box[a, :2] <= box[b, :2], axis=1) & np.all(box[a, 2:] >= box[b, 2:], axis=1)
            for k, child in zip(a[good].tolist(), b[good].tolist(), strict=True):
                if _keeps_country(zones[k], zones[child]):
                    pairs.append((zones[k], zones[child]))
        return pairs

    def _type_above(self, entry: Entry) -> int:
        parent = None if entry.parent is None else self._by_id.get(entry.parent)
        return _LARGEST if parent is None else int(parent.type)

    def wanted(self) -> set[int]:
        """Zones whose geometry is needed."""
        return {entry.id for pair in self._pairs for entry in pair}

    def add(self, key: int, record: Record) -> None:
        self._shapes[key] = geojson.shape(geojson.read(record["geometry"]))

    def decide(self) -> dict[int, int]:
        """New parents: the smallest kind that contains the child, the first among equals."""
        best: dict[int, Entry] = {}
        by_parent: dict[int, list[Entry]] = {}
        for parent, child in self._pairs:
            by_parent.setdefault(parent.id, []).append(child)
        for key in sorted(by_parent):
            parent, children = self._by_id[key], by_parent[key]
            shape = self._shapes[key]
            shapely.prepare(shape)
            for child in children:
                known = best.get(child.id)
                if (known is None or parent.type < known.type) and _holds(shape, self._shapes[child.id]):
                    best[child.id] = parent
            shapely.destroy_prepared(shape)
        self._shapes.clear()
        return {child: parent.id for child, parent in best.items()}

    def below(self, changed: set[int]) -> set[int]:
        """The changed zones and everything below them."""
        children: dict[int, list[int]] = {}
        for entry in self._entries:
            if entry.parent is not None:
                children.setdefault(entry.parent, []).append(entry.id)
        found, queue = set(changed), list(changed)
        while queue:
            fresh = [k for k in children.get(queue.pop(), ()) if k not in found]
            found.update(fresh)
            queue.extend(fresh)
        return found

    def with_ancestors(self, zones: Iterable[int]) -> set[int]:
        """Some zones and all above them."""
        found: set[int] = set()
        for key in zones:
            entry: Entry | None = self._by_id[key]
            while entry is not None and entry.id not in found:
                found.add(entry.id)
                entry = None if entry.parent is None else self._by_id.get(entry.parent)
        return found

    def add_names(self, key: int, record: Record) -> None:
        self._records[key] = {name: value for name, value in record.items() if name not in ("geometry", "bbox")}

    def labels(self, zones: set[int]) -> dict[int, dict[str, Any]]:
        """Labels of the zones under their new parents, in the languages that the files have."""
        number = {key: k for k, key in enumerate(sorted(self._records))}
        parents = self._parents()
        made = [self._zone(key, number, parents[key]) for key in number]
        languages = sorted({code for r in self._records.values() for code in r.get("international_labels") or ()})
        labels = Labels(made, languages or ["-"])
        return {
            key: {
                "label": labels.label(made[number[key]]),
                "international_labels": labels.international(made[number[key]]),
            }
            for key in zones
            if key in number
        }

    def _parents(self) -> dict[int, int | None]:
        """Parents of the zones whose names are known; a cycle of parents ends before it comes to a zone again."""
        parents: dict[int, int | None] = {}
        for key in sorted(self._records):
            chain: set[int] = set()
            at: int | None = key
            while at is not None and at not in parents:
                chain.add(at)
                above = self._by_id[at].parent
                parents[at] = above if above in self._records and above not in chain else None
                at = parents[at]
        return parents

    def _zone(self, key: int, number: Mapping[int, int], parent: int | None) -> Zone:
        record, entry = self._records[key], self._by_id[key]
        tags = record.get("tags") or {}
        zone = Zone(
            number[key],
            entry.osm_id,
            record["name"],
            tags,
            type=entry.type,
            parent=None if parent is None else number[parent],
            wikidata=record.get("wikidata"),
            names=names.international(tags, record["name"]),
            zip_codes=record.get("zip_codes") or [],
        )
        if record.get("center_tags"):
            zone.centre = Node(0, 0.0, 0.0, record["center_tags"])
            names.add_centre_names(zone)
        return zone


def _keeps_country(parent: Entry, child: Entry) -> bool:
    """Whether both are of one country; a country may lie in a zone of another one, and zones of old files have none."""
    return child.is_country or None in (parent.country, child.country) or parent.country == child.country


def _holds(parent: shapely.MultiPolygon, child: shapely.MultiPolygon) -> bool:
    """Whether the child is inside; generated borders may miss it by their last digits."""
    try:
        if shapely.covers(parent, child):
            return True
        inner = shapely.point_on_surface(child)
        if not shapely.covers(parent, inner):
            return False
        return bool(shapely.difference(child, parent).area <= _SHARE * child.area)
    except GEOSException:
        return False
