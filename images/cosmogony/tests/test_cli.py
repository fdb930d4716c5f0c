# SPDX-License-Identifier: Apache-2.0
"""The command line: exit codes, messages, and never a half-written file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from extractor_support.world import World, country


def environment() -> dict[str, str]:
    return {**os.environ, "RUST_LOG": "info"}


def cosmogony(*arguments: str | Path, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cosmogony", *map(str, arguments)]
    return subprocess.run(
        command, cwd=folder, env={**environment(), **more}, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def small(tmp_path: Path) -> Path:
    world = World()
    country(world, 1000, 0)
    return world.write(tmp_path / "small.osm.pbf")


def test_version_is_that_of_the_original(tmp_path: Path) -> None:
    for arguments in (["--version"], ["generate", "--version"]):
        done = cosmogony(*arguments, folder=tmp_path)
        assert (done.returncode, done.stdout) == (0, "cosmogony_builder 0.14.5\n")


def test_build_digest(tmp_path: Path) -> None:
    done = cosmogony("--build-digest", folder=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.strip()) == 64


def test_generate_is_the_default_command(small: Path, tmp_path: Path) -> None:
    done = cosmogony("-i", small, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cosmogony.json").is_file()
    assert "Admin level 8: 16 zones" in done.stderr
    assert "progress: writing zones: 21 of 21 (100%)" in done.stderr
    assert done.stdout == ""


def test_the_summary_can_be_left_out(small: Path, tmp_path: Path) -> None:
    done = cosmogony("-i", small, "-o", "z.jsonl", "--no-stats", "--no-progress", folder=tmp_path)
    assert "Admin level" not in done.stderr
    assert "progress" not in done.stderr
    done = cosmogony("-i", small, "-o", "z.jsonl", "--no-progress", folder=tmp_path, RUST_LOG="error")
    assert done.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate"],
        ["generate", "-i", "x.pbf", "--fail-on-incomplete", "some"],
        ["-i", "x.pbf", "--num-threads", "0"],
        ["-i", "x.pbf", "--num-threads", "many"],
        ["merge"],
        ["--unknown"],
    ],
)
def test_wrong_arguments_exit_with_2(arguments: list[str], tmp_path: Path) -> None:
    done = cosmogony(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def fails(folder: Path, *arguments: str | Path, message: str) -> None:
    before = files(folder)
    done = cosmogony(*arguments, "--no-progress", folder=folder)
    assert done.returncode == 1, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert files(folder) == before


def test_rejects_non_pbf(tmp_path: Path) -> None:
    (tmp_path / "page.osm.pbf").write_text("<html>Not found</html>" * 100)
    fails(tmp_path, "-i", "page.osm.pbf", message="page.osm.pbf: cannot be read as an OSM file")


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.osm.pbf").touch()
    fails(tmp_path, "-i", "empty.osm.pbf", message="empty.osm.pbf: the file is empty")


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.95, 0.999])
def test_a_truncated_pbf(share: float, tmp_path: Path, luxembourg: Path) -> None:
    content = luxembourg.read_bytes()
    (tmp_path / "cut.osm.pbf").write_bytes(content[: int(len(content) * share)])
    fails(tmp_path, "-i", "cut.osm.pbf", message="cut.osm.pbf: cannot be read as an OSM file")


def test_a_damaged_pbf(tmp_path: Path, luxembourg: Path) -> None:
    content = bytearray(luxembourg.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = bytes(64)
    (tmp_path / "bad.osm.pbf").write_bytes(content)
    fails(tmp_path, "-i", "bad.osm.pbf", message="bad.osm.pbf: cannot be read as an OSM file")


def test_missing_input_is_named(tmp_path: Path) -> None:
    fails(tmp_path, "-i", "gone.osm.pbf", message="gone.osm.pbf: cannot be opened (No such file or directory)")
    (tmp_path / "folder").mkdir()
    fails(tmp_path, "-i", "folder", message="folder: is a folder")


def test_an_unknown_ending_is_found_before_reading(tmp_path: Path) -> None:
    for name in ("zones.txt", "zones.JSONL", "zones"):
        fails(tmp_path, "-i", "gone.osm.pbf", "-o", name, message=f"Unable to detect the file format of {name}")


def test_countries(small: Path, tmp_path: Path) -> None:
    fails(tmp_path, "-i", small, "--country-code", "xx", message="country 'xx': the rules know no such country")
    world = World()
    country(world, 1000, 0, "XX")
    nowhere = world.write(tmp_path / "nowhere.osm.pbf")
    fails(tmp_path, "-i", nowhere, message="no country found")


def test_custom_rules_are_applied(small: Path, tmp_path: Path) -> None:
    table = tmp_path / "rules.tsv"
    table.write_text("country\tkind\tcontainer\tkey\ttype\nFR\tlevel\t-\t2\tcountry\nFR\tlevel\t-\t8\tsuburb\n")
    done = cosmogony("-i", small, "-o", "z.jsonl", "--rules", table, folder=tmp_path)
    assert "Suburb: 16 zones" in done.stderr
    assert "levels of FR without rule: 4 (4)" in done.stderr
    table.write_text("country\n")
    fails(tmp_path, "-i", small, "--rules", table, message="rules.tsv: the first line must be the header")


def test_output_that_cannot_be_written(small: Path, tmp_path: Path) -> None:
    fails(tmp_path, "-i", small, "-o", "no/such/z.jsonl", message="cannot be written in no/such")
    (tmp_path / "z.jsonl").mkdir()
    fails(tmp_path, "-i", small, "-o", "z.jsonl", message="z.jsonl: is a folder")
    fails(tmp_path, "merge", small, "-o", "m.jsonl", message="Unable to detect the file format")


def test_a_full_disk_leaves_the_old_file(small: Path, tmp_path: Path) -> None:
    (tmp_path / "z.jsonl").write_text("old")
    limited = f"ulimit -f 8; exec {sys.executable} -m cosmogony -i {small} -o z.jsonl --no-progress"
    done = subprocess.run(
        ["bash", "-c", f"trap '' XFSZ; {limited}"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "z.jsonl: cannot be written (File too large)" in done.stderr
    assert (tmp_path / "z.jsonl").read_text() == "old"
    assert files(tmp_path) == ["small.osm.pbf", "z.jsonl"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_killed_run_leaves_no_output_file(number: signal.Signals, tmp_path: Path, luxembourg: Path) -> None:
    command = [sys.executable, "-m", "cosmogony", "-i", str(luxembourg), "-o", "z.jsonl.gz"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background job ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not files(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == {signal.SIGTERM: 75, signal.SIGINT: 130, signal.SIGKILL: -signal.SIGKILL}[number]
    assert not (tmp_path / "z.jsonl.gz").exists()
    if number != signal.SIGKILL:
        assert files(tmp_path) == []


def test_incomplete_relations_exit_with_1(tmp_path: Path, luxembourg: Path) -> None:
    fails(tmp_path, "-i", luxembourg, "--fail-on-incomplete", "any", message="95 relations are incomplete")
    done = cosmogony("-i", luxembourg, "-o", "z.jsonl", "--fail-on-incomplete", "own", folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_languages_by_comma_and_repeat(small: Path, tmp_path: Path, liechtenstein: Path) -> None:
    arguments = ["-i", liechtenstein, "--country-code", "li", "-o", "z.jsonl", "--filter-langs", "cs,ru"]
    assert cosmogony(*arguments, "--filter-langs", "be", folder=tmp_path).returncode == 0
    text = (tmp_path / "z.jsonl").read_text()
    assert '"international_labels":{"be":' in text
    assert cosmogony(*arguments[:-1], "xx", folder=tmp_path).returncode == 0
    text = (tmp_path / "z.jsonl").read_text()
    assert '"international_labels":{"' not in text
