# SPDX-License-Identifier: Apache-2.0
"""Neighbours as their tiles show them: no gap between them, no overlap."""

from __future__ import annotations

import gzip
import urllib.request
from dataclasses import dataclass
from itertools import groupby

import psycopg
import shapely
import shapely.affinity
import shapely.geometry
from importer_support.helpers import features
from serving import Stack

WORLD = 40075016.685578488
EXTENT = 4096
BUFFER = 160  # 10 pixels around the tile
ROUNDING = 1.5  # a vertex moves by at most 0.71 units when it is rounded
NOTHING = 1e-3  # square units; zones that overlap by more in the data are not neighbours

# the zones of a tile, from which it is computed, group by group of those that border each other
ZONES = """
    SELECT concat_ws(' ', made.zone_type, made.admin_level) AS kind, id,
           ST_AsBinary(ST_ClipByBox2D(made.geometry, box::box2d)),
           ST_AsBinary(ST_ClipByBox2D(zones.geometry, box::box2d))
    FROM {table} AS made
    JOIN {schema}.zones USING (id), ST_MakeEnvelope(%s, %s, %s, %s, 3857) AS box
    WHERE made.geometry && box ORDER BY kind, id
"""


@dataclass
class Found:
    pairs: int = 0
    gaps: int = 0
    overlaps: int = 0
    slivers: int = 0  # gaps and overlaps narrower than the grid to which a tile is rounded

    def __iadd__(self, other: Found) -> Found:
        self.pairs += other.pairs
        self.gaps += other.gaps
        self.overlaps += other.overlaps
        self.slivers += other.slivers
        return self


def polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.make_valid(geometry))
    return shapely.union_all([part for part in parts if shapely.get_dimensions(part) == 2])


def wide(area: shapely.Geometry) -> bool:
    """Whether it is wider than a unit of the tile, a sixteenth of a pixel."""
    return not area.buffer(-0.5).is_empty


def compare(data: list[bytes], whole: list[shapely.Geometry], shown: list[shapely.Geometry], scale: float) -> Found:
    """Zones of one kind: as they came, in tile units before rounding, and as the tile has them."""
    found = Found()
    for one, other in zip(*shapely.STRtree(shown).query(shown, predicate="intersects"), strict=True):
        if one >= other:
            continue
        overlap = shapely.intersection(shown[one], shown[other])
        if overlap.area > 0:
            came = shapely.intersection(*(polygons(shapely.from_wkb(data[n])) for n in (one, other)))
            if came.area * scale**2 > NOTHING:
                continue
            found.overlaps += wide(overlap)
            found.slivers += not wide(overlap)
        found.pairs += 1
    inside = shapely.union_all(whole).buffer(-ROUNDING)
    for gap in shapely.get_parts(shapely.difference(inside, shapely.union_all(shown))):
        if gap.area > NOTHING:
            found.gaps += wide(gap)
            found.slivers += not wide(gap)
    return found


def tile(stack: Stack, connection: psycopg.Connection, release: str, z: int, x: int, y: int) -> Found:
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.ports['tiles']}/cosmogony/{z}/{x}/{y}?v={release}",
        headers={"Accept-Encoding": "gzip"},
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        body = response.read()
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
    shapes = {id_: shapely.geometry.shape(one["geometry"]) for id_, one in features(body or None).items()}
    width = WORLD / 2**z
    west, north, margin = x * width - WORLD / 2, WORLD / 2 - y * width, width * BUFFER / EXTENT
    schema = "release_" + release.replace("-", "_")
    (table,) = connection.execute("SELECT cosmogony_catalog.tile_table(%s, %s)", (schema, z)).fetchone()
    rows = connection.execute(
        ZONES.format(table=table, schema=schema),
        (west - margin, north - width - margin, west + width + margin, north + margin),
    ).fetchall()
    found = Found()
    scale = EXTENT / width
    for _, group in groupby((row for row in rows if row[1] in shapes), key=lambda row: row[0]):
        members = list(group)
        whole = [
            polygons(
                shapely.affinity.affine_transform(
                    shapely.from_wkb(made), (scale, 0, 0, -scale, -west * scale, north * scale)
                )
            )
            for _, _, made, _ in members
        ]
        found += compare([row[3] for row in members], whole, [shapes[row[1]] for row in members], scale)
    return found


def zoom(stack: Stack, release: str, addresses: set[tuple[int, int, int]]) -> Found:
    found = Found()
    with stack.postgres.connect(stack.database) as connection:
        for address in sorted(addresses):
            found += tile(stack, connection, release, *address)
    return found
