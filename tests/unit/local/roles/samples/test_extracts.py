# SPDX-License-Identifier: Apache-2.0
"""The tool as the role runs it: it makes what is missing and leaves alone what is made."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from checkout import CHECKOUT

from .synthetic import read

TOOL = CHECKOUT / "local/roles/samples/files/atlas.py"


@pytest.fixture
def options(tmp_path, atlas):
    """Options of the tool, with a package that is in the cache already."""
    atlas.area("056", "One", [[atlas.arc((0, 0), (1, 0), (1, 1), (0, 0))]])
    atlas.area(None, "Flat", [[atlas.arc((5, 5), (5, 5))]])
    content = atlas.text().encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("package/countries.json")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    (tmp_path / "cache").mkdir()
    (tmp_path / "samples").mkdir()
    (tmp_path / "cache" / "small-atlas-1.0.0.tgz").write_bytes(buffer.getvalue())
    return {
        "dir": str(tmp_path / "samples"),
        "cache": str(tmp_path / "cache"),
        "registry": "http://127.0.0.1:9",
        "files": [
            {
                "name": "one.osm.pbf",
                "atlas": "world",
                "package": "small-atlas",
                "version": "1.0.0",
                "integrity": "sha512-" + base64.b64encode(hashlib.sha512(buffer.getvalue()).digest()).decode(),
                "member": "countries.json",
                "date": "2020-02-03",
                "source": "made up",
            }
        ],
    }


def tool(command: str, options: dict, *flags: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *flags, str(TOOL), command],
        input=json.dumps(options),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def answer(command: str, options: dict) -> dict:
    done = tool(command, options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_extract_is_made_once(options):
    assert answer("plan", options) == {"missing": ["one.osm.pbf"]}
    made = {"zones": 1, "without_area": ["Flat"]}
    assert answer("make", options) == {"made": {"one.osm.pbf": made}}
    folder = Path(options["dir"])
    assert set(read(folder / "one.osm.pbf").relations) == {"One"}
    assert (folder / "one.osm.pbf").stat().st_mode & 0o777 == 0o644
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == ["one.osm.pbf"]
    before = (folder / "one.osm.pbf").stat()
    assert answer("plan", options) == {"missing": []}
    assert answer("make", options) == {"made": {}}
    assert (folder / "one.osm.pbf").stat() == before


def test_planning_makes_nothing(options):
    answer("plan", options)
    assert list(Path(options["dir"]).iterdir()) == []


def test_what_is_damaged_or_of_another_recipe_is_made_again(options):
    made = Path(options["dir"]) / "one.osm.pbf"
    answer("make", options)
    content = made.read_bytes()
    made.write_bytes(content[:-1])
    assert answer("plan", options) == {"missing": ["one.osm.pbf"]}
    answer("make", options)
    assert made.read_bytes() == content
    options["files"][0]["date"] = "2021-01-01"
    assert answer("plan", options) == {"missing": ["one.osm.pbf"]}
    answer("make", options)
    assert read(made).timestamp == "2021-01-01T12:00:00Z"
    made.unlink()
    assert answer("plan", options) == {"missing": ["one.osm.pbf"]}


def test_without_pyosmium_it_says_what_to_install(options):
    done = tool("plan", options, "-S")  # without the environment's packages
    assert done.returncode == 1
    assert "pyosmium is missing" in done.stderr and "make venv" in done.stderr


def test_what_is_made_needs_no_pyosmium(options):
    answer("make", options)
    assert json.loads(tool("plan", options, "-S").stdout) == {"missing": []}


def test_countries_are_left_out(options, atlas):
    options["files"][0]["leave_out"] = ["BE"]
    assert answer("make", options) == {"made": {"one.osm.pbf": {"zones": 0, "without_area": ["Flat"]}}}
    options["files"][0]["leave_out"] = ["BE", "LI"]
    done = tool("make", options)
    assert done.returncode == 1
    assert done.stderr.strip() == "one.osm.pbf: leave_out names LI, which no country of the atlas has as code"


def test_an_unknown_atlas_is_named(options):
    options["files"][0]["atlas"] = "moon"
    done = tool("make", options)
    assert done.returncode == 1
    assert done.stderr.strip() == "one.osm.pbf: atlas 'moon' is unknown, one of world, united_states is needed"
