# SPDX-License-Identifier: Apache-2.0
"""The command as callers of the original use it: options, exit codes, files."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from cosmogony_dashboard.cli import main
from cosmogony_dashboard.counting import compare_counts
from cosmogony_dashboard.errors import InputError
from cosmogony_dashboard.table import read_expectations
from cosmogony_dashboard.zones import read_zone_lines, read_zones
from zone_records import RECORDS

SQUARE = {"type": "MultiPolygon", "coordinates": [[[[0, 0], [0, 1.5], [1, 1], [0, 0]]]]}


def luxembourg(cantons: int = 13, cities: int = 102) -> list[dict[str, Any]]:
    country = {"id": 0, "parent": None, "zone_type": "country", "wikidata": "Q32", "geometry": SQUARE}
    below = [{"id": n, "parent": 0, "zone_type": "state_district", "wikidata": None} for n in range(1, cantons + 1)]
    towns = [{"id": 100 + n, "parent": 1, "zone_type": "city", "wikidata": ""} for n in range(cities)]
    return [country, *below, *towns]


def write(path: Path, zones: list[dict[str, Any]]) -> Path:
    if ".jsonl" in path.name:
        text = "".join(json.dumps(zone) + "\n" for zone in zones)
    else:
        text = json.dumps({"meta": {"stats": {"zones": 1}}, "zones": zones})
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["z.json", "z.jsonl", "z.json.gz", "z.jsonl.gz"])
def test_all_four_formats_give_the_cantons_of_luxembourg(tmp_path: Path, name: str) -> None:
    output = tmp_path / "result.json"
    path = write(tmp_path / name, luxembourg())
    assert main([f"--cosmogony={path}", f"--output={output}"]) == 0
    records = json.loads(output.read_text())
    found = {record["zone_type"]: record for record in records if record["name"] == "Luxembourg"}
    assert (found["state_district"]["total"], found["state_district"]["test_status"]) == (13, "ok")
    assert found["city"]["test_status"] == "ok"
    assert found["state"]["total"] == 0
    assert len(records) == 262


def test_ko_ends_with_1_and_writes_the_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "result.json"
    assert main(["--cosmogony", str(write(tmp_path / "z.jsonl", luxembourg(5))), "--output", str(output)]) == 1
    assert "ko: Luxembourg state_district: 5, expected 11 to 13" in capsys.readouterr().out
    assert len(json.loads(output.read_text())) == 262


def test_accepts_empty_file_and_writes_to_the_work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "z.jsonl.gz").write_bytes(gzip.compress(b""))
    assert main(["--cosmogony=z.jsonl.gz"]) == 0
    assert {record["test_status"] for record in json.loads(Path("data_volumetric.json").read_text())} == {"skip"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("z.csv", b"", "Unknown file extension"),
        ("z.JSON", b"{}", "Unknown file extension"),
        ("z.jsonl", b'{"id": 1}\n\n', "line 2"),
        ("z.jsonl", b'{"id": 1}\n[1]\n', "line 2"),
        ("z.jsonl", b'{"id": 1}\n{"id"', "line 2"),
        ("z.json", b'{"zones": [{"id": 1}, {"id', "after zone 1"),
        ("z.jsonl.gz", gzip.compress(b'{"id": 1}\n' * 99)[:-9], "cannot be read"),
        ("z.jsonl.gz", b"no gzip", "cannot be read"),
    ],
)
def test_unreadable_file_ends_with_2_and_names_the_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    output = tmp_path / "result.json"
    assert main([f"--cosmogony={path}", f"--output={output}"]) == 2
    message = capsys.readouterr().err
    assert said in message
    assert str(path) in message
    assert message.count("\n") == 1
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_missing_file_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"--cosmogony={tmp_path / 'none.json'}"]) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--output=x.json"], ["--cosmogony=z.json", "--nonsense"], ["stats"]])
def test_wrong_arguments_end_with_4(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 4


@pytest.mark.parametrize("name", ["z.json", "z.jsonl", "z.json.gz", "z.jsonl.gz"])
def test_byte_order_marks_and_carriage_returns_are_ignored(tmp_path: Path, name: str) -> None:
    lines = [json.dumps(zone).encode() for zone in luxembourg()]
    mark, end = b"\xef\xbb\xbf", b" \r\n"
    if "jsonl" in name:
        content = b"".join(mark + line + end for line in lines)
    else:
        content = mark + b'{"zones": [' + (b"," + end).join(lines) + b"]}" + end
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert len(list(read_zones(path))) == len(lines)


def test_blank_lines_of_a_release_are_ignored() -> None:
    lines = [b"\n", b'{"id": 1}\n', b" \r\n", b"\xef\xbb\xbf\n", b'{"id": 2}\n', b"\t"]
    assert [zone.id for zone in read_zone_lines(lines, "zones")] == [1, 2]
    with pytest.raises(InputError, match="zones, line 3 is not JSON"):
        list(read_zone_lines([b"\n", b"\n", b"x\n"], "zones"))


@pytest.mark.parametrize("case", sorted(path.name for path in RECORDS.glob("*.jsonl")))
def test_counts_unusual_records(case: str) -> None:
    with (RECORDS / case).open("rb") as lines:
        assert len(list(read_zone_lines(lines, case))) == (4 if case == "parent_cycle.jsonl" else 3)


def test_several_gzip_members_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "z.jsonl.gz"
    lines = [json.dumps(zone).encode() + b"\n" for zone in luxembourg()]
    path.write_bytes(b"".join(gzip.compress(line) for line in lines))
    assert len(list(read_zones(path))) == len(lines)


@pytest.mark.parametrize("name", ["z.json", "z.jsonl"])
def test_geometry_is_not_kept(tmp_path: Path, name: str) -> None:
    heavy = {"type": "LineString", "coordinates": [[n / 7, n / 3] for n in range(1500)]}
    zones = [{"id": n, "parent": 0, "zone_type": "city", "geometry": heavy} for n in range(100)]
    path = write(tmp_path / name, zones)
    assert path.stat().st_size > 4_000_000
    tracemalloc.start()
    try:
        compare_counts(read_zones(path), read_expectations())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_500_000


def test_runs_as_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cosmogony_dashboard", f"--cosmogony={write(tmp_path / 'z.json', luxembourg())}"]
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 ok, 0 ko" in done.stdout
