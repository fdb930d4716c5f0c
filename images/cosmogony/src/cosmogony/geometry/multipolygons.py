# SPDX-License-Identifier: Apache-2.0
"""Assemble polygons from ways that share points or sides, by the area assembler of libosmium."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import numpy as np
import osmium
import shapely

from ..osm.reader import Ways
from .locations import decode_locations, encode_locations

_BATCH = 200_000  # points that libosmium gets in one call, or a relation more


def assemble_polygons(members: Mapping[int, Sequence[int]], ways: Ways) -> dict[int, shapely.MultiPolygon]:
    """Return the polygons of relations, assembled from their ways by libosmium.

    Points become nodes by their location, so that two nodes at one location are one.

    Args:
        members: the ways (index in `Ways`) of each relation, by its id.
        ways: the ways.

    Returns:
        The polygons by relation id; a relation that libosmium refuses is missing.
    """
    made: dict[int, shapely.MultiPolygon] = {}
    for batch in _split_batches(members, ways):
        made.update(_assemble_batch(batch, ways))
    return made


def _split_batches(members: Mapping[int, Sequence[int]], ways: Ways) -> Iterator[dict[int, Sequence[int]]]:
    batch: dict[int, Sequence[int]] = {}
    size = 0
    for relation, indices in members.items():
        batch[relation] = indices
        size += sum(int(ways.start[way + 1] - ways.start[way]) for way in indices)
        if size >= _BATCH:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch


def _assemble_batch(batch: Mapping[int, Sequence[int]], ways: Ways) -> Iterator[tuple[int, shapely.MultiPolygon]]:
    factory = osmium.geom.WKBFactory()
    buffer = osmium.io.FileBuffer(_write_opl(batch, ways), "opl")
    areas = osmium.FileProcessor(buffer).with_areas().with_filter(osmium.filter.EntityFilter(osmium.osm.AREA))
    for item in areas:
        if isinstance(item, osmium.osm.Area) and not item.from_way():
            try:
                made = shapely.from_wkb(bytes.fromhex(factory.create_multipolygon(item)))
            except RuntimeError:  # the area that libosmium made is invalid: leave the relation out
                continue
            # the cast is for mypy: create_multipolygon always makes a MultiPolygon
            yield item.orig_id(), cast(shapely.MultiPolygon, shapely.orient_polygons(made))


def _write_opl(batch: Mapping[int, Sequence[int]], ways: Ways) -> bytes:
    """Return the relations with their ways and nodes as the content of an OPL file, each sorted by id."""
    used = sorted({way for indices in batch.values() for way in indices})
    lines = [encode_locations(ways.points[ways.start[way] : ways.start[way + 1]]) for way in used]
    locations, node = np.unique(np.concatenate(lines), return_inverse=True)
    degrees = decode_locations(locations) / 1e7
    numbers = np.arange(1, len(locations) + 1)
    text = list(map("n%d x%.7f y%.7f\n".__mod__, zip(numbers.tolist(), *degrees.T.tolist(), strict=True)))
    refs = np.split(node + 1, np.cumsum([len(line) for line in lines])[:-1])
    for way, line in zip(used, refs, strict=True):
        text.append(f"w{way + 1} Nn{',n'.join(map(str, line.tolist()))}\n")
    for relation, indices in sorted(batch.items()):
        text.append(f"r{relation} Ttype=multipolygon M{','.join(f'w{way + 1}@' for way in indices)}\n")
    return "".join(text).encode()
