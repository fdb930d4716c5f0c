# SPDX-License-Identifier: Apache-2.0
"""Extracts made of small atlases."""

from __future__ import annotations

from pathlib import Path

import pytest
from atlas_osm.atlases import ATLASES
from atlas_osm.mesh import Mesh
from atlas_osm.osmfile import write
from atlas_osm.topojson import parse

from .made_up import Atlas


@pytest.fixture
def atlas() -> Atlas:
    return Atlas()


@pytest.fixture
def convert(tmp_path):
    """Writes an atlas as an extract."""

    def run(atlas: Atlas, kind: str = "world", name: str = "made.osm.pbf") -> Path:
        topology = parse(atlas.text())
        mesh = Mesh(topology.arcs)
        relations = ATLASES[kind].relations(topology, mesh, "made up")
        path = tmp_path / name
        write(path, relations, mesh.ways, ATLASES[kind].first_id, "2020-02-03T12:00:00Z")
        return path

    return run
