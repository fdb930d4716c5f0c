# SPDX-License-Identifier: Apache-2.0
"""What the command line promises: words, exit codes, clear complaints, no secret in them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cosmogony_importer import cli
from cosmogony_importer.database import sessions
from importer_support.helpers import Importer, Zones
from services import free_port

SCRIPT = Path(__file__).parents[1] / "import.py"


def script(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments],
        text=True,
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


def test_no_command_prints_usage() -> None:
    done = script()
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: import.py" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["import_data"],
        ["load"],
        ["gate", "--release"],
        ["import_data", "a.json", "--cosmogony_path=b.json"],
        ["tiles", "--release", "x", "--max-zoom", "many"],
    ],
)
def test_wrong_arguments_end_with_2(arguments: list[str]) -> None:
    done = script(*arguments)
    assert done.returncode == 2
    assert "usage: import.py" in done.stderr


def test_script_is_executable() -> None:
    assert os.access(SCRIPT, os.X_OK)


def test_missing_settings_are_named(tmp_path: Path) -> None:
    (tmp_path / "z.json").write_text('{"zones": []}')
    done = script("import_data", str(tmp_path / "z.json"), POSTGRES_HOST="127.0.0.1", POSTGRES_USER="u")
    assert done.returncode == 1
    assert "database: environment variable POSTGRES_PASSWORD not set" in done.stderr


def test_refuses_invalid_port(monkeypatch: pytest.MonkeyPatch, importer: Importer) -> None:
    monkeypatch.setenv("POSTGRES_PORT", "5432;")
    assert "POSTGRES_PORT '5432;' is not a number" in importer.run("init", code=2)


def test_ignores_blanks_around_variables(monkeypatch: pytest.MonkeyPatch, importer: Importer) -> None:
    monkeypatch.setenv("PGPORT", os.environ["POSTGRES_PORT"] + "\n")
    monkeypatch.setenv("POSTGRES_PORT", " ")
    monkeypatch.setenv("POSTGRES_SSLMODE", " ")
    importer.run("init")


def test_unknown_extension_and_missing_file(importer: Importer) -> None:
    assert "Unknown file extension" in importer.run("import_data", "zones.JSON", code=1)
    assert "no such file" in importer.run("import_data", "nowhere.jsonl.gz", code=1)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["import_data", "PATH"], 1),
        (["publish"], 1),
        (["init"], 75),
        (["publish", "--release", "a"], 75),
        (["list"], 75),
    ],
)
def test_unreachable_database_is_transient(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    zones: Zones,
    command: list[str],
    code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Tried for ten seconds; the original commands end in 1, the steps report a transient error."""
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "DB": "d",
        "USER": "u",
        "PASSWORD": "s3cret",
    }.items():
        monkeypatch.setenv(f"POSTGRES_{name}", value)
    monkeypatch.setattr(sessions.connect, "__defaults__", (1.0,))
    path = zones.grid(size=2)
    start = time.monotonic()
    assert cli.main([word.replace("PATH", str(path)) for word in command]) == code
    assert 1 <= time.monotonic() - start < 4
    complaint = capsys.readouterr().err
    assert "does not answer for 1 s" in complaint
    assert "s3cret" not in complaint


def test_wrong_password_fails_at_once(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", "wr0ng")
    start = time.monotonic()
    said = importer.run("list", code=1)
    assert time.monotonic() - start < 3
    assert "refuses" in said
    assert "check POSTGRES_USER, POSTGRES_PASSWORD" in said
    assert "wr0ng" not in said


def test_missing_postgis_is_permanent(importer: Importer) -> None:
    with importer.connect() as connection:
        connection.execute("DROP EXTENSION postgis")
    assert 'run "CREATE EXTENSION postgis"' in importer.run("init", code=1)


def test_postgis_may_be_in_another_schema(importer: Importer, zones: Zones) -> None:
    with importer.connect() as connection:
        connection.execute("DROP EXTENSION postgis; CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis")
    release = importer.load(zones.grid())
    importer.run("tiles", "--release", release, "--max-zoom", 4)
    importer.run("gate", "--release", release)
    importer.run("publish")
    assert importer.live() == release


@pytest.mark.parametrize("release", ["", "Release", "a" * 60, "a_b", "x;drop", "../x"])
def test_refuses_invalid_release_id(importer: Importer, release: str) -> None:
    assert "is not a release id" in importer.run("gate", "--release", release, code=2)


def test_unknown_release_names_the_kept_ones(importer: Importer, zones: Zones) -> None:
    known = importer.load(zones.grid())
    for command in ("gate", "tiles", "publish"):
        assert f"kept releases: {known}" in importer.run(command, "--release", "20200101t000000-00000000", code=1)
    assert f"kept releases: {known}" in importer.run("rollback", "--to", "20200101t000000-00000000", code=1)
