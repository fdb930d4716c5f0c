# SPDX-License-Identifier: Apache-2.0
"""Makes the role's own Python importable, and made-up atlases extracts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
for folder in (ROOT / "roles" / "samples" / "files", Path(__file__).parent):
    sys.path.insert(0, str(folder))


@pytest.fixture
def atlas():
    from made_up import Atlas

    return Atlas()


@pytest.fixture
def convert(tmp_path):
    """Writes an atlas as an extract."""
    from atlas_osm.atlases import ATLASES
    from atlas_osm.mesh import Mesh
    from atlas_osm.osmfile import write
    from atlas_osm.topojson import parse

    def run(atlas, kind: str = "world", name: str = "made.osm.pbf") -> Path:
        topology = parse(atlas.text())
        mesh = Mesh(topology.arcs)
        relations = ATLASES[kind].relations(topology, mesh, "made up")
        path = tmp_path / name
        write(path, relations, mesh.ways, ATLASES[kind].first_id, "2020-02-03T12:00:00Z")
        return path

    return run
