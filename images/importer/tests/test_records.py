# SPDX-License-Identifier: Apache-2.0
"""Records that are not as the extractor writes them: what import_data refuses, and what it loads."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import psycopg
import pytest
from cosmogony_importer.load import rows, zone_parsing
from cosmogony_steps.errors import StepError
from cosmogony_steps.zonefiles import detect_format
from importer_support.helpers import Bucket, Importer
from zone_records import RECORDS, country, geometries, line, square, write

INVALID, VALID = geometries("invalid"), geometries("valid")
BLANK = ["", " ", "\t", "\r", "\ufeff", "\ufeff\r"]


def read(path: Path, jobs: int = 1) -> list[rows.ZoneRow | None]:
    with zone_parsing.open_file(path) as stream:
        return list(rows.read_rows(stream, detect_format(str(path)), str(path), jobs))


def refused(path: Path) -> str:
    with pytest.raises(StepError) as error:
        read(path)
    assert str(error.value).startswith(f"{path} is refused: ")
    assert str(error.value).endswith("Nothing was loaded. Correct the file, or make it again")
    return str(error.value)


@pytest.mark.parametrize("name", ["zones.jsonl", "zones.json"])
@pytest.mark.parametrize("what", INVALID)
def test_names_a_zone_with_invalid_geometry(what: str, name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, country(), line(1, square(2, 1)), line(2, INVALID[what]))
    said = refused(path)
    assert f"is refused: {'line' if name == 'zones.jsonl' else 'zone'} 3 (relation:902): " in said
    assert "relation:901" not in said


@pytest.mark.parametrize("name", ["zones.jsonl", "zones.json"])
@pytest.mark.parametrize("what", VALID)
def test_reads_valid_geometry(what: str, name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, country(), line(1, VALID[what]))
    assert [row.get("id") for row in read(path)] == [0, 1]


@pytest.fixture
def before(importer: Importer, db: psycopg.Connection, tmp_path: Path) -> str:
    """A published release, and one that is loaded."""
    release = importer.load(write(tmp_path / "before.jsonl", country()))
    importer.run("publish")
    importer.load(write(tmp_path / "next.jsonl", country(), line(1, square(2, 1))))
    return release


def state(importer: Importer, db: psycopg.Connection) -> list[object]:
    tables = db.execute(
        "SELECT schemaname, tablename FROM pg_tables "
        "WHERE schemaname LIKE 'release%' OR schemaname = 'import' ORDER BY 1, 2"
    ).fetchall()
    return [importer.list(), tables, db.execute("SELECT id, osm_id FROM public.zones").fetchall()]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("flat", "line 3 (relation:902): its geometry has no area"),
        ("open_ring", "line 3 (relation:902): "),
        ("beyond_180", "line 3 (relation:902): [181.5, 1] lies beyond 180 degrees of longitude or 90 of latitude"),
        ("same_id_twice", "line 3: it has the id 1 of line 2"),
    ],
)
def test_refused_files_change_nothing(
    importer: Importer, db: psycopg.Connection, before: str, name: str, reason: str
) -> None:
    was = state(importer, db)
    said = importer.run("import_data", RECORDS / f"{name}.jsonl", code=1)
    assert f" ERROR import_data: {RECORDS / name}.jsonl is refused: {reason}" in said
    assert "Import done" not in said
    assert state(importer, db) == was


@pytest.mark.parametrize(
    ("name", "zones"), [("blank_last_line", 3), ("bom_and_crlf", 3), ("parent_missing", 3), ("parent_cycle", 4)]
)
def test_loads_unusual_files(importer: Importer, name: str, zones: int) -> None:
    importer.load(RECORDS / f"{name}.jsonl")
    assert importer.list()[0]["zones"] == zones


def test_test_data_has_a_byte_order_mark() -> None:
    content = (RECORDS / "bom_and_crlf.jsonl").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf{") and content.endswith(b"}\r\n")


def test_step_load_refuses_invalid_zones(importer: Importer, bucket: Bucket) -> None:
    release = "20261122t221000-00000001"
    bucket.release([json.loads(country())], release)
    bucket.put(f"releases/{release}/zones.jsonl.gz", gzip.compress((RECORDS / "flat.jsonl").read_bytes()))
    said = importer.run("load", "--release", release, code=1)
    assert f"releases/{release}/zones.jsonl.gz is refused: line 3 (relation:902): its geometry has no area" in said
    assert importer.list() == []


def test_bow_ties_are_stored_valid_and_the_column_has_no_type(
    importer: Importer, db: psycopg.Connection, tmp_path: Path
) -> None:
    release = importer.load(
        write(tmp_path / "zones.jsonl", country(), *[line(n, text) for n, text in enumerate(VALID.values(), 1)])
    )
    table = f"release_{release.replace('-', '_')}.zones"
    (kind,) = db.execute(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attname = 'geometry'",
        (table,),
    ).fetchone()
    assert kind == "geometry"
    assert db.execute(f"SELECT bool_and(ST_IsValid(geometry) AND ST_Area(geometry) > 0) FROM {table}").fetchone() == (
        True,
    )


def test_names_20_refused_records_and_counts_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BATCH_BYTES", 2000)
    bad = [line(n, INVALID["there and back"]) for n in range(1, 16)]
    wrong = ["{broken", line(20, square(2, 1), admin_level="8"), line(0), *[line(n, "7") for n in range(21, 30)]]
    path = write(tmp_path / "zones.jsonl", country(), *bad, *wrong, line(0))
    for jobs in (1, 2):
        with pytest.raises(StepError) as error:
            read(path, jobs)
        named = str(error.value).split(": ", 1)[1].split("; ")
        assert [one.split(": ")[0] for one in named[:20]] == [
            *[f"line {n} (relation:{899 + n})" for n in range(2, 17)],
            "line 17",
            "line 18 (relation:920)",
            "line 19",
            "line 20 (relation:921)",
            "line 21 (relation:922)",
        ]
        assert named[20].startswith("and 8 more. ")


@pytest.mark.parametrize("jobs", [1, 2])
def test_refuses_repeated_id_and_names_both_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    monkeypatch.setattr(rows, "BATCH_BYTES", 300)
    path = write(tmp_path / "zones.jsonl", line(4), "", country(), line(4), line(5, square(2, 1)), line(4))
    said = refused(path)
    assert "line 4: it has the id 4 of line 1; line 6: it has the id 4 of line 1. " in said
    document = write(tmp_path / "zones.json", country(), line(0))
    assert "zone 2: it has the id 0 of zone 1. " in refused(document)
    both = write(tmp_path / "both.jsonl", country(), line(0, "7"))
    said = refused(both)
    assert "line 2 (relation:900): its geometry is not a GeoJSON object" in said
    assert "line 2: it has the id 0 of line 1" in said


def test_skips_blank_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "zones.jsonl", *BLANK, country(), *BLANK, line(1, square(2, 1)), *BLANK)
    assert [row.get("id") for row in read(path)] == [0, 1]
    bad = write(tmp_path / "bad.jsonl", *BLANK, country(), *BLANK, line(1, "7"))
    assert "line 14 (relation:901)" in refused(bad)
    monkeypatch.setattr(rows, "BATCH_BYTES", 1)
    assert [row.get("id") for row in read(path, jobs=2)] == [0, 1]


def test_a_file_of_blank_lines_is_empty(importer: Importer, tmp_path: Path) -> None:
    path = write(tmp_path / "zones.jsonl", *BLANK)
    assert read(path) == []
    empty = write(tmp_path / "empty.jsonl")
    for one in (path, empty):
        assert "the input has no zone with a geometry" in importer.run("import_data", one, code=1)
    importer.run("import_data", path, "--allow-empty")


@pytest.mark.parametrize("name", ["zones.jsonl", "zones.json"])
@pytest.mark.parametrize("usual", [True, False])
def test_accepts_byte_order_mark_and_carriage_returns(name: str, usual: bool, tmp_path: Path) -> None:
    shape = square(2, 1) if usual else VALID["coordinates first"]
    path = write(tmp_path / name, line(1, shape), line(2, shape))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert [row.get("id") for row in read(path)] == [1, 2]
    twice = tmp_path / "twice.jsonl"  # as `cat` makes them
    twice.write_bytes(b"".join(b"\xef\xbb\xbf" + line(n, shape).encode() + b"\n" for n in (1, 2)))
    assert [row.get("id") for row in read(twice)] == [1, 2]


@pytest.mark.parametrize("name", ["zones.jsonl", "zones.json"])
def test_refuses_deep_nesting(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, line(1, f'{{"type":"Polygon","coordinates":{"[" * 99_999}{"]" * 99_999}}}'))
    with pytest.raises(StepError, match=str(path)):
        read(path)


@pytest.mark.parametrize("name", ["zones.jsonl", "zones.json"])
def test_refuses_half_a_surrogate_pair(name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, line(1, square(2, 1), name="\ud83d"))
    assert "1 (relation:901): " in refused(path)
