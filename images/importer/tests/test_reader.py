# SPDX-License-Identifier: Apache-2.0
"""The four formats, and what is wrong with broken ones."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from cosmogony_importer.load import geometry, json_document, rows, zone_parsing
from cosmogony_steps.errors import StepError
from cosmogony_steps.zonefiles import detect_format
from importer_support.helpers import Zones, grid, square, zone

SOME = [
    zone(1, "Älmhult \u2603 \U0001f600", "city", 8, square(0, 0, 1, 1)),
    zone(2, "B", "suburb", None, None, parent=1),
]


def read(path, jobs=1):
    with zone_parsing.open_file(path) as stream:
        return list(rows.read_rows(stream, detect_format(str(path)), str(path), jobs))


@pytest.mark.parametrize("name", ["z.json", "z.json.gz", "z.jsonl", "z.jsonl.gz"])
def test_all_formats_give_the_same_rows(zones: Zones, name: str) -> None:
    first, second = read(zones.write(SOME, name))
    assert first.values[:7] == (1, None, SOME[0]["name"], 8, "city", "relation:900001", "Q1")
    assert first.get("country_code") == "AA"
    assert second is None  # without geometry


@pytest.mark.parametrize("name", ["z.JSON", "z.txt", "z.gz", "zjson", "z.jsonl.bz2"])
def test_refuses_unknown_extension(name: str) -> None:
    with pytest.raises(StepError, match="Unknown file extension"):
        detect_format(name)


def test_all_members_of_a_gzip_file_are_read(zones: Zones) -> None:
    path = zones.write([SOME[0]])
    path.write_bytes(
        path.read_bytes() + zones.write([zone(7, "C", "city", 8, square(1, 1, 2, 2))], "o.jsonl.gz").read_bytes()
    )
    assert [row.get("id") for row in read(path)] == [1, 7]


@pytest.mark.parametrize("name", ["z.json.gz", "z.jsonl.gz"])
def test_refuses_truncated_file(zones: Zones, name: str) -> None:
    path = zones.write(grid(3), name)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(StepError, match="damaged"):
        read(path)


def test_refuses_damaged_gzip_file(zones: Zones) -> None:
    path = zones.write(SOME, "z.jsonl").rename(zones.folder / "z.jsonl.gz")
    with pytest.raises(StepError, match="damaged"):
        read(path)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{\n", "line 2: not JSON .unexpected end of data at character "),
        ("[]\n", "line 2: not a zone but a list"),
        (
            json.dumps({"id": 1, "name": "x"}) + "\n",
            "line 2: it lacks the keys parent, admin_level, zone_type, osm_id, wiki",
        ),
        (json.dumps(SOME[0] | {"id": "7"}) + "\n", "line 2 .relation:900001.: id is '7', not a whole number"),
        (json.dumps(SOME[0] | {"id": None}) + "\n", "line 2 .relation:900001.: id is None"),
        (json.dumps(SOME[0] | {"id": True}) + "\n", "line 2 .relation:900001.: id is True"),
        (json.dumps(SOME[0] | {"admin_level": 1 << 40}) + "\n", "does not fit in 32 bits"),
        (json.dumps(SOME[0] | {"name": 7}) + "\n", "line 2 .relation:900001.: name is 7, not text"),
        (json.dumps(SOME[0] | {"name": "a\0b"}) + "\n", "U\\+0000"),
        (
            json.dumps(SOME[0] | {"geometry": {"type": "Polygon"}}) + "\n",
            "line 2 .relation:900001.: its geometry cannot be",
        ),
        (json.dumps(SOME[0] | {"geometry": square(0, 0, 1, 95)}) + "\n", "1, 95. lies beyond 180 degrees of longitude"),
    ],
)
def test_bad_lines_are_named(zones: Zones, line: str, complaint: str) -> None:
    path = zones.write(SOME[:1], "z.jsonl")
    path.write_text(path.read_text() + line)
    with pytest.raises(StepError, match=complaint):
        read(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"zones": 7}', '{"meta": {}}', '{"zones": [', '{"zones": [1,'])
def test_refuses_invalid_documents(zones: Zones, text: str) -> None:
    path = zones.folder / "z.json"
    path.write_text(text)
    with pytest.raises(StepError):
        read(path)


def test_document_may_be_read_in_chunks_of_any_size(zones: Zones, monkeypatch: pytest.MonkeyPatch) -> None:
    """The buffer may end in the middle of a character, a number, a key."""
    text = json.dumps({"a": 12.5, "zones": SOME, "ü": [1, {"b": "]"}]}, ensure_ascii=False).encode()
    text = text.replace(b"12.5", b"-12.5e-7")
    for size in (1, 2, 3, 7, 64):
        monkeypatch.setattr(json_document, "CHUNK", size)
        assert list(json_document.iterate_zones(io.BytesIO(text), "z.json")) == SOME


def test_several_threads_keep_the_order(zones: Zones, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zones.grid("z.jsonl.gz", size=6)
    monkeypatch.setattr(rows, "BATCH_BYTES", 4000)
    assert read(path, jobs=2) == read(path, jobs=1)
    assert len(read(path, jobs=2)) == 37


def test_several_threads_name_the_bad_line(zones: Zones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH_BYTES", 4000)
    path = zones.folder / "z.jsonl.gz"
    lines = [json.dumps(one) for one in grid(6)]
    path.write_bytes(gzip.compress("\n".join([*lines[:30], "oops", *lines[30:]]).encode()))
    with pytest.raises(StepError, match="line 31: not JSON"):
        read(path, jobs=2)


@pytest.mark.parametrize(
    "text",
    [
        "[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[3,3],[3,6],[6,6],[3,3]]]",
        " [ [ [0, 0], [1e0, 0.0], [1.0E+0, 1], [-0.0, 0] ] ] ",
        "[[[0,0,5],[1,0,5],[1,1,5],[0,0,5]]]",
        "[[[0,0,5],[1,0],[1,1],[0,0]]]",
        "[[[0,12345678901234567890e-19],[1,0],[1,1],[0,12345678901234567890e-19]]]",
    ],
)
@pytest.mark.parametrize("many", [False, True])
def test_fast_path_parses_the_same_areas(text: str, many: bool) -> None:
    kind, text = ("MultiPolygon", f"[{text}]") if many else ("Polygon", text)
    zone = json.dumps(SOME[0] | {"geometry": {"type": kind, "coordinates": 0}}, separators=(",", ":"))
    assert zone.count('"coordinates":0') == 1
    read = zone_parsing.parse_line(zone.replace('"coordinates":0', f'"coordinates":{text}').encode())["geometry"]
    assert geometry.to_ewkb(read) == geometry.to_ewkb({"type": kind, "coordinates": json.loads(text)})
