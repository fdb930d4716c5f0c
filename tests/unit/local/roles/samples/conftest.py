# SPDX-License-Identifier: Apache-2.0
"""Extracts made of small atlases."""

from __future__ import annotations

from pathlib import Path

import pytest
from atlas_osm.atlases import ATLASES
from atlas_osm.borders import Borders
from atlas_osm.osm_writer import write_extract
from atlas_osm.topojson import parse_topology

from .synthetic import Atlas


@pytest.fixture
def atlas() -> Atlas:
    return Atlas()


@pytest.fixture
def convert(tmp_path):
    """Writes an atlas as an extract."""

    def run(atlas: Atlas, kind: str = "world", name: str = "made.osm.pbf") -> Path:
        topology = parse_topology(atlas.text())
        borders = Borders(topology.arcs)
        relations = ATLASES[kind].make_relations(topology, borders, "made up")
        path = tmp_path / name
        write_extract(path, relations, borders.ways, ATLASES[kind].first_id, "2020-02-03T12:00:00Z")
        return path

    return run
