# SPDX-License-Identifier: Apache-2.0
"""Polygons out of ways that share points or sides, by the area assembler of libosmium."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import osmium
import shapely

from .locations import coordinates_of, number_locations
from .reader import Ways

_BATCH = 200_000  # points that are handed to libosmium together


def assemble_polygons(members: Mapping[int, Sequence[int]], ways: Ways) -> dict[int, shapely.MultiPolygon]:
    """The polygons of relations, by relation id; one that libosmium refuses is missing.

    `members` names the ways (index in `Ways`) of each relation. Their points become nodes by location, so that two
    nodes at one place are one.
    """
    made: dict[int, shapely.MultiPolygon] = {}
    for batch in _batches(members, ways):
        made.update(_assembled(batch, ways))
    return made


def _batches(members: Mapping[int, Sequence[int]], ways: Ways) -> Iterator[dict[int, Sequence[int]]]:
    batch: dict[int, Sequence[int]] = {}
    size = 0
    for relation, indices in members.items():
        batch[relation] = indices
        size += sum(int(ways.start[k + 1] - ways.start[k]) for k in indices)
        if size >= _BATCH:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch


def _assembled(batch: Mapping[int, Sequence[int]], ways: Ways) -> Iterator[tuple[int, shapely.MultiPolygon]]:
    factory = osmium.geom.WKBFactory()
    buffer = osmium.io.FileBuffer(_document(batch, ways), "opl")
    for item in osmium.FileProcessor(buffer).with_areas():
        if item.is_area() and not item.from_way():
            try:
                polygons = shapely.from_wkb(bytes.fromhex(factory.create_multipolygon(item)))
            except RuntimeError:  # libosmium made no valid area
                continue
            yield item.orig_id(), shapely.orient_polygons(polygons)


def _document(batch: Mapping[int, Sequence[int]], ways: Ways) -> bytes:
    """The relations as an OPL file: nodes, ways, relations, each by id."""
    used = sorted({k for indices in batch.values() for k in indices})
    lines = [number_locations(ways.points[ways.start[k] : ways.start[k + 1]]) for k in used]
    places, node = np.unique(np.concatenate(lines), return_inverse=True)
    text = [
        f"n{number} x{_degrees(x)} y{_degrees(y)}\n"
        for number, (x, y) in enumerate(coordinates_of(places).tolist(), start=1)
    ]
    refs = np.split(node + 1, np.cumsum([len(line) for line in lines])[:-1])
    for k, numbers in zip(used, refs, strict=True):
        text.append(f"w{k + 1} N{','.join(f'n{number}' for number in numbers.tolist())}\n")
    for relation, indices in sorted(batch.items()):
        text.append(f"r{relation} Ttype=multipolygon M{','.join(f'w{k + 1}@' for k in indices)}\n")
    return "".join(text).encode()


def _degrees(units: int) -> str:
    """A coordinate in units of 1e-7 degrees, as decimal text."""
    whole, rest = divmod(abs(units), 10_000_000)
    return f"{'-' if units < 0 else ''}{whole}.{rest:07d}"
