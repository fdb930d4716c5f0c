# SPDX-License-Identifier: Apache-2.0
"""Zones from what the reader found: one for each relation with a closed border, one for each suburb node."""

from __future__ import annotations

import numpy as np

from . import names
from .areas import Area, Points, assemble
from .incomplete import Cut
from .progress import Progress, silent
from .reader import Extract, Node, Relation, Ways
from .zone import Box, Zone
from .zone_type import ZoneType


def level_of(tags: dict[str, str]) -> int | None:
    """The admin_level when it is a plain number."""
    text = tags.get("admin_level", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def build(extract: Extract, cuts: list[Cut], progress: Progress | None = None) -> list[Zone]:
    """All zones in the order nodes, relations, each by OSM id. Relations with missing members go to `cuts`."""
    report = progress or silent
    zones: list[Zone] = []
    for ref in extract.places:
        node = extract.nodes[ref]
        if node.tags.get("place") == "suburb":
            zones.append(_of_suburb(len(zones), node))
    total = len(extract.relations)
    for done, relation in enumerate(extract.relations):
        area = assemble(relation, extract.ways)
        if area.missing or area.open_rings or area.flat_rings or area.lost_holes:
            cuts.append(Cut(relation, area))
        name = relation.tags.get("name")
        if name is not None and area.parts:
            zones.append(_of_relation(len(zones), relation, name, area, extract))
        if done % 500 == 0:
            report("assembling areas", done, total)
    report("assembling areas", total, total)
    return zones


def _of_suburb(index: int, node: Node) -> Zone:
    """The bare record of a suburb node: without geometry, but with its type from the start."""
    zone = of_place(index, node)
    zone.type = ZoneType.SUBURB
    return zone


def of_place(index: int, node: Node) -> Zone:
    """What a place node says about a zone, without geometry and type."""
    name = node.tags["name"]
    return Zone(
        index,
        f"node:{node.id}",
        name,
        node.tags,
        level=level_of(node.tags),
        wikidata=node.tags.get("wikidata"),
        generated=True,
        names=names.international(node.tags, name),
        zip_codes=names.zip_codes(node.tags),
    )


def _of_relation(index: int, relation: Relation, name: str, area: Area, extract: Extract) -> Zone:
    label = _node(extract, relation.label)
    centre = _node(extract, relation.centre) or label
    tags = names.with_label_tags(relation.tags, label.tags) if label else relation.tags
    box, size, centroid = measure(area, extract.ways)
    return Zone(
        index,
        f"relation:{relation.id}",
        name,
        tags,
        level=level_of(tags),
        centre=centre,
        centre_point=(centre.lon, centre.lat) if centre else centroid,
        area=area,
        box=box,
        size=size,
        wikidata=tags.get("wikidata"),
        names=names.international(tags, name),
        zip_codes=names.zip_codes(tags),
    )


def _node(extract: Extract, ref: int | None) -> Node | None:
    return None if ref is None else extract.nodes.get(ref)


def measure(area: Area, ways: Ways) -> tuple[Box, float, tuple[float, float]]:
    """Bounding box, area in square degrees and centroid, without building a geometry."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    size, moment = 0.0, np.zeros(2)
    origin = area.parts[0].outer.points(ways)[0].copy()
    for part in area.parts:
        for k, ring in enumerate(part.rings()):
            points = ring.points(ways)
            if k == 0:
                low, high = np.minimum(low, points.min(axis=0)), np.maximum(high, points.max(axis=0))
            ring_size, ring_moment = _moments(points - origin)
            ring.counter_clockwise = ring_size > 0
            sign = (1 if k == 0 else -1) * (1 if ring_size > 0 else -1)
            size += sign * ring_size
            moment += sign * ring_moment
    centroid = origin + moment / size if size > 0 else (low + high) / 2
    return (
        (float(low[0]), float(low[1]), float(high[0]), float(high[1])),
        size,
        (float(centroid[0]), float(centroid[1])),
    )


def _moments(points: Points) -> tuple[float, Points]:
    """Signed area of a closed ring, and area times centroid."""
    x, y = points.T.copy()
    cross = x[:-1] * y[1:] - x[1:] * y[:-1]
    moment = np.array([((x[:-1] + x[1:]) * cross).sum(), ((y[:-1] + y[1:]) * cross).sum()]) / 6
    return float(cross.sum()) / 2, moment
