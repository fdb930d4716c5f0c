# SPDX-License-Identifier: Apache-2.0
"""Zones like those of a continent: an irregular coverage of counties, states of them, their country, and other lands.

    python tests/bench/release/continent.py FILE.jsonl.gz [--counties 3200]

Borders are crooked lines that neighbours share point by point, as in real data.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely

CONTINENT = (-124.0, 26.0, -68.0, 49.0)
POINTS = 16  # of a border between two corners
STATES, LANDS = 50, 230

WAVES = ((0.7, 0.35), (2.9, 0.25), (11.0, 0.25))  # waves a degree, and how steep; below 1 in all no border crosses


def crooked(straight: shapely.Polygon) -> shapely.Polygon:
    """The polygon with points on its edges, all of them moved by a field: neighbours stay neighbours."""
    corners = np.round(np.array(straight.exterior.coords), 6)
    starts, ends = corners[:-1, None, :], corners[1:, None, :]
    share = (np.arange(POINTS) / POINTS)[None, :, None]
    # from the lower corner to the higher one, whichever side asks: the same points to the last bit
    turned = (starts > ends)[..., :1] | ((starts[..., :1] == ends[..., :1]) & (starts[..., 1:] > ends[..., 1:]))
    low, high = np.where(turned, ends, starts), np.where(turned, starts, ends)
    share = np.where(turned, 1 - share, share)
    points = (low + (high - low) * share).reshape(-1, 2)
    points = np.where((share == 0).repeat(2, axis=2).reshape(-1, 2), low.repeat(POINTS, axis=1).reshape(-1, 2), points)
    points = np.where((share == 1).repeat(2, axis=2).reshape(-1, 2), high.repeat(POINTS, axis=1).reshape(-1, 2), points)
    return shapely.Polygon(np.round(moved(points), 7))


def moved(points: np.ndarray) -> np.ndarray:
    x, y = points[:, 0], points[:, 1]
    aside = np.zeros_like(points)
    for number, (often, steep) in enumerate(WAVES, 1):
        turn = 2 * np.pi * often
        aside[:, 0] += steep / turn / 2 * (np.sin(turn * y + number) + np.sin(turn * (x + y) / 2))
        aside[:, 1] += steep / turn / 2 * (np.sin(turn * x + 2 * number) + np.sin(turn * (x - y) / 2))
    return points + aside


def cells(count: int, box: tuple[float, float, float, float], seed: int) -> list[shapely.Polygon]:
    """A Voronoi diagram of some points, cut to the box."""
    places = np.random.default_rng(seed).uniform(box[:2], box[2:], (count, 2))
    area = shapely.box(*box)
    diagram = shapely.voronoi_polygons(shapely.MultiPoint(places), extend_to=area)
    return [cell for cell in (part.intersection(area) for part in diagram.geoms) if isinstance(cell, shapely.Polygon)]


def zones(counties: int = 3200, seed: int = 1) -> Iterator[dict]:
    """Records as the extractor writes them, parents first."""
    shapes = [crooked(cell) for cell in cells(counties, CONTINENT, seed)]
    middles = np.array([shape.centroid.coords[0] for shape in shapes])
    seats = np.random.default_rng(seed + 1).uniform(CONTINENT[:2], CONTINENT[2:], (STATES, 2))
    state_of = np.argmin(((middles[:, None, :] - seats[None, :, :]) ** 2).sum(axis=2), axis=1)
    states = {
        int(number): shapely.coverage_union_all([shapes[n] for n in np.flatnonzero(state_of == number)])
        for number in np.unique(state_of)
    }
    yield record(0, "Land", "country", 2, shapely.coverage_union_all(list(states.values())), None, "US")
    for number, shape in states.items():
        yield record(1 + number, f"State {number}", "state", 4, shape, 0, "US")
    first = 1 + STATES
    for n, shape in enumerate(shapes):
        yield record(first + n, f"County {n}", "state_district", 6, shape, 1 + int(state_of[n]), "US")
    first += len(shapes)
    for n, cell in enumerate(cells(LANDS, (-60.0, -55.0, 179.0, 75.0), seed + 2)):
        yield record(first + n, f"Country {n}", "country", 2, crooked(cell), None, f"X{chr(65 + n % 26)}")


def record(
    id_: int, name: str, kind: str, level: int, shape: shapely.Geometry, parent: int | None, country: str
) -> dict:
    return {
        "id": id_,
        "osm_id": f"relation:{9 * 10**12 + id_}",
        "admin_level": level,
        "zone_type": kind,
        "name": name,
        "parent": parent,
        "wikidata": None,
        "geometry": json.loads(shapely.to_geojson(shape)),
        "country_code": country,
    }


def write(path: Path, counties: int = 3200) -> int:
    count = 0
    with gzip.open(path, "wt", compresslevel=3) as file:
        for zone in zones(counties):
            file.write(json.dumps(zone) + "\n")
            count += 1
    return count


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--counties", type=int, default=3200)
    options = arguments.parse_args()
    print(f"{write(options.file, options.counties)} zones in {options.file}")
