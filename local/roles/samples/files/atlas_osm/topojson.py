# SPDX-License-Identifier: Apache-2.0
"""Reads TopoJSON: arcs as lists of points, shapes as rings of arc numbers.

Points are whole numbers of 1e-7 degrees, as OSM stores them: equal points become one node.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .errors import AtlasError

#: Longitude and latitude in units of 1e-7 degrees.
Point = tuple[int, int]
#: A ring as numbers of arcs in their order; `~i` is arc `i` walked backwards.
Ring = tuple[int, ...]

_UNIT = 10_000_000
_BOUND = (180 * _UNIT, 90 * _UNIT)


@dataclass(frozen=True, slots=True)
class Shape:
    """An area of an atlas: key, name, and polygons, each an outer ring followed by inner ones."""

    key: str | None
    name: str
    polygons: tuple[tuple[Ring, ...], ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """A parsed TopoJSON document: its arcs, and its shapes by layer."""

    arcs: list[list[Point]]
    shapes: dict[str, list[Shape]]

    def get_layer(self, name: str) -> list[Shape]:
        """Return the shapes of a layer such as countries or states.

        Raises:
            AtlasError: there is no such layer.
        """
        if name not in self.shapes:
            raise AtlasError(f"the topology has no object {name!r}, only {', '.join(sorted(self.shapes))}")
        return self.shapes[name]


def parse_topology(content: bytes | str) -> Topology:
    """Parse the text of a topology.

    Raises:
        AtlasError: the text is not a topology in degrees.
    """
    try:
        data = json.loads(content)
    except ValueError as error:
        raise AtlasError(f"the file is not JSON: {error}") from error
    if not isinstance(data, dict) or data.get("type") != "Topology":
        raise AtlasError("the file is not TopoJSON: its type is not Topology")
    try:
        arcs = [_read_points(arc, data.get("transform")) for arc in data["arcs"]]
        shapes = {name: _read_shapes(name, item, len(arcs)) for name, item in data["objects"].items()}
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise AtlasError(f"the file is not TopoJSON: {type(error).__name__} {error}") from error
    return Topology(arcs, shapes)


def _read_points(arc: list[list[float]], transform: dict[str, list[float]] | None) -> list[Point]:
    """Return an arc's points; a quantised arc has differences between points, to be scaled by the transform."""
    points: list[Point] = []
    if transform is None:
        places = [(position[0], position[1]) for position in arc]
    else:
        (kx, ky), (dx, dy) = transform["scale"], transform["translate"]
        places, x, y = [], 0.0, 0.0
        for step in arc:
            x, y = x + step[0], y + step[1]
            places.append((x * kx + dx, y * ky + dy))
    for lon, lat in places:
        point = (round(lon * _UNIT), round(lat * _UNIT))
        if abs(point[0]) > _BOUND[0] or abs(point[1]) > _BOUND[1]:
            raise AtlasError(f"{lon} {lat} is not a place on Earth: use an atlas that is not projected")
        if not points or points[-1] != point:
            points.append(point)
    return points


def _read_shapes(layer: str, item: dict[str, Any], arcs: int) -> list[Shape]:
    if item["type"] == "GeometryCollection":
        return [shape for part in item["geometries"] for shape in _read_shapes(layer, part, arcs)]
    key = item.get("id")
    name = (item.get("properties") or {}).get("name") or ""
    if item["type"] is None:
        polygons = []
    elif item["type"] == "Polygon":
        polygons = [item["arcs"]]
    elif item["type"] == "MultiPolygon":
        polygons = item["arcs"]
    else:
        raise AtlasError(f"{layer} {key or name}: a {item['type']} is not an area")
    made = tuple(tuple(tuple(ring) for ring in polygon) for polygon in polygons)
    for ring in (ring for polygon in made for ring in polygon):
        if any(not -arcs <= arc < arcs for arc in ring):
            raise AtlasError(f"{layer} {key or name}: an arc is missing")
    return [Shape(None if key is None else str(key), name, made)]
