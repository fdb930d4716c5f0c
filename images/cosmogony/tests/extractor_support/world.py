# SPDX-License-Identifier: Apache-2.0
"""Small made-up worlds as OSM files: zones on a grid whose borders share ways and nodes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import osmium

Cell = tuple[int, int]
Edge = tuple[Cell, Cell]


@dataclass
class World:
    """A grid of cells; areas are sets of cells, their borders are made of edges that all areas share."""

    step: float = 0.01
    origin: tuple[float, float] = (0.0, 0.0)
    nodes: dict[tuple[float, float], int] = field(default_factory=dict)
    node_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    ways: dict[tuple[int, ...], int] = field(default_factory=dict)
    relations: list[tuple[int, dict[str, str], list[tuple[str, int, str]]]] = field(default_factory=list)
    first_id: int = 1
    copies: dict[int, tuple[float, float]] = field(default_factory=dict)

    def node(self, x: float, y: float, **tags: str) -> int:
        key = (x, y)
        if key not in self.nodes:
            self.nodes[key] = self.first_id + len(self.nodes)
        if tags:
            self.node_tags[self.nodes[key]] = {k.replace("__", ":"): v for k, v in tags.items()}
        return self.nodes[key]

    def copied_node(self, x: float, y: float, ref: int) -> int:
        """Another node at a place that may have one already."""
        self.copies[ref] = (x, y)
        return ref

    def way(self, refs: list[int]) -> int:
        key = tuple(refs) if refs[0] <= refs[-1] else tuple(reversed(refs))
        return self.ways.setdefault(key, self.first_id + len(self.ways))

    def area(self, ref: int, cells: set[Cell], members: list[tuple[str, int, str]] | None = None, **tags: str) -> None:
        """A relation around some cells; tags are written with __ for a colon."""
        outer = border(filled(cells))
        found = [("w", self._edge(edge), "outer" if edge in outer else "inner") for edge in sorted(border(cells))]
        self.relation(ref, found + (members or []), **tags)

    def relation(self, ref: int, members: list[tuple[str, int, str]], **tags: str) -> None:
        named = {"boundary": "administrative", **{k.replace("__", ":"): v for k, v in tags.items()}}
        self.relations.append((ref, named, members))

    def _edge(self, edge: Edge) -> int:
        return self.way([self.node(*corner) for corner in edge])

    def write(self, path: Path, without_ways: frozenset[int] = frozenset()) -> Path:
        with osmium.SimpleWriter(str(path), overwrite=True) as out:
            known = {**{ref: place for place, ref in self.nodes.items()}, **self.copies}
            for ref, (x, y) in sorted(known.items()):
                place = (self.origin[0] + x * self.step, self.origin[1] + y * self.step)
                out.add_node(osmium.osm.mutable.Node(id=ref, location=place, tags=self.node_tags.get(ref, {})))
            for refs, way in sorted(self.ways.items(), key=lambda item: item[1]):
                if way not in without_ways:
                    out.add_way(osmium.osm.mutable.Way(id=way, nodes=list(refs)))
            for ref, tags, members in sorted(self.relations):
                out.add_relation(osmium.osm.mutable.Relation(id=ref, tags=tags, members=members))
        return path


def border(cells: set[Cell]) -> set[Edge]:
    """Edges between the cells and what is not in them."""
    edges: set[Edge] = set()
    for x, y in cells:
        for other, edge in (
            ((x - 1, y), ((x, y), (x, y + 1))),
            ((x + 1, y), ((x + 1, y), (x + 1, y + 1))),
            ((x, y - 1), ((x, y), (x + 1, y))),
            ((x, y + 1), ((x, y + 1), (x + 1, y + 1))),
        ):
            if other not in cells:
                edges.add(edge)
    return edges


def filled(cells: set[Cell]) -> set[Cell]:
    """The cells and the holes in them."""
    xs, ys = [x for x, _ in cells], [y for _, y in cells]
    around = block(min(xs) - 1, min(ys) - 1, max(xs) + 2, max(ys) + 2)
    outside, queue = set(), [(min(xs) - 1, min(ys) - 1)]
    while queue:
        x, y = queue.pop()
        if (x, y) in around and (x, y) not in cells and (x, y) not in outside:
            outside.add((x, y))
            queue += [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
    return around - outside


def block(x0: int, y0: int, x1: int, y1: int) -> set[Cell]:
    """The cells of a rectangle."""
    return {(x, y) for x in range(x0, x1) for y in range(y0, y1)}


def country(world: World, base: int, x0: int, code: str = "FR", *, size: int = 8, name: str = "") -> None:
    """A country of `size` by `size` cells with four states and their cities (French levels: 2, 4, 8)."""
    name = name or code
    half = size // 2
    world.area(base, block(x0, 0, x0 + size, size), name=name, admin_level="2", ISO3166_1__alpha2=code)
    _fix_iso(world, code)
    number = 0
    for i in range(2):
        for j in range(2):
            x, y = x0 + i * half, j * half
            state = base + 10 + 2 * i + j
            world.area(state, block(x, y, x + half, y + half), name=f"{name} state {i}{j}", admin_level="4")
            for k in range(half):
                number += 1
                cells = block(x + k, y, x + k + 1, y + half)
                world.area(base + 100 + number, cells, name=f"{name} city {number}", admin_level="8")


def _fix_iso(world: World, code: str) -> None:
    ref, tags, members = world.relations[-1]
    tags.pop("ISO3166_1:alpha2", None)
    world.relations[-1] = (ref, {**tags, "ISO3166-1:alpha2": code}, members)
