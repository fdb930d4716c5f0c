# SPDX-License-Identifier: Apache-2.0
"""The settings of a step: file, environment, plan."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cosmogony_steps.documents import Plan, Programs
from cosmogony_steps.errors import StepError, UsageError
from cosmogony_steps.plans import write_plan
from cosmogony_steps.postgres import DatabaseAddress
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings, SourceSettings, apply_environment, document
from cosmogony_steps.step_settings import add_settings_options, load_settings
from services.connections import find_store
from services.objectstore import MinIO

BUCKET = "settings"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a step has its settings."""
    path = tmp_path / "settings.json"
    monkeypatch.setattr(document, "PATH", path)
    return path


@pytest.fixture
def environ(minio: MinIO) -> dict[str, str]:
    """Variables that name an empty bucket."""
    minio.empty_bucket(BUCKET)
    return minio.environment(BUCKET)


def write(path: Path, **settings: Any) -> None:
    path.write_text(json.dumps({"format": 1, **settings}), encoding="utf-8")


def load(plan: str = "", environ: dict[str, str] | None = None, *assignments: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_settings_options(parser)
    options = [f"--plan={plan}", *(f"--set={assignment}" for assignment in assignments)]
    return load_settings(parser.parse_args(options), environ or {})


def make_plan(settings: Settings) -> Plan:
    return Plan(
        run="update-x",
        created=datetime.now(UTC),
        changed=False,
        message="",
        release="",
        reason="",
        items=(),
        batches=(),
        details=(),
        fetch_bytes=0,
        merge_disk="0Mi",
        programs=Programs(rules="", extractor="", importer="", dashboard=""),
        settings=settings,
    )


def test_without_a_file_all_settings_have_their_defaults(file: Path) -> None:
    found = load()
    assert found == Settings()
    assert (found.gate.max_loss_percent, found.releases.keep, found.sources.extracts) == (5.0, 3, ())


def test_a_file_need_not_be_complete(file: Path) -> None:
    write(file, gate={"max_loss_percent": 3, "incomplete": "allow"}, sources={"extracts": [{"url": "http://a/b.pbf"}]})
    found = load()
    assert (found.gate.max_loss_percent, found.gate.incomplete, found.gate.max_loss_zones) == (3.0, "allow", 10)
    assert found.sources.extracts == (SourceSettings(url="http://a/b.pbf"),)
    assert found.storage == Settings().storage


def test_settings_survive_json(file: Path) -> None:
    write(file, languages=["fr"], sources={"extracts": [{"url": "http://a/b.pbf", "languages": ["de"]}]})
    found = load()
    assert Settings.from_json(json.loads(json.dumps(found.to_json())), "x") == found
    assert found.to_json()["format"] == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"gate": {"max_loss_percent": "many"}},
            'setting gate.max_loss_percent: expected float, got str, found "many"',
        ),
        ({"gate": {"max_loss_percent": 101}}, "setting gate.max_loss_percent: expected float <= 100.0, found 101"),
        ({"gate": {"incomplete": "perhaps"}}, "setting gate.incomplete: invalid enum value 'perhaps'"),
        ({"gate": {"max_lost": 1}, "what": {}}, "setting gate.max_lost, what is unknown to this program"),
        ({"sources": {"extracts": [{"url": "x", "ur": 1}]}}, "setting sources.extracts[0].ur is unknown"),
        ({"sources": {"extracts": [{"name": "x"}]}}, "setting sources.extracts[0].url is missing"),
        ({"storage": {"bucket": "No_Bucket!"}}, "setting storage.bucket: expected str matching regex"),
        ({"releases": {"keep": 0}}, "setting releases.keep: expected int >= 1, found 0"),
        ({"releases": 3}, "setting releases: expected object, got int, found 3"),
        ({"format": "1"}, 'format is "1", a whole number is expected'),
        ({"format": 2, "gate": {"max_lost": 1}}, "has format 2, this program reads up to 1: a newer version wrote it"),
    ],
)
def test_message_names_file_and_wrong_setting(file: Path, settings: dict[str, Any], said: str) -> None:
    write(file, **settings)
    with pytest.raises(UsageError) as error:
        load()
    assert str(error.value).startswith(str(file))
    assert said in str(error.value)


@pytest.mark.parametrize(("text", "said"), [("{", "is not JSON"), ("[]", "a JSON object is expected, found a list")])
def test_refuses_file_that_is_not_a_document(file: Path, text: str, said: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        load()


def test_a_file_that_cannot_be_read_is_explained(file: Path) -> None:
    file.mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        load()


def test_variables_override_the_file(file: Path) -> None:
    write(
        file, storage={"endpoint": "file:1", "secure": True, "bucket": "of-file"}, database={"host": "file", "port": 1}
    )
    found = load(environ={"S3_ENDPOINT": " e:9000 ", "S3_SECURE": "no", "S3_BUCKET": " ", "POSTGRES_PORT": "5433"})
    assert (found.storage.endpoint, found.storage.secure, found.storage.bucket) == ("e:9000", False, "of-file")
    assert (found.database.host, found.database.port) == ("file", 5433)


def test_ignores_port_that_kubernetes_sets_for_a_service(file: Path) -> None:
    """A Service with the name postgres in the namespace gives every pod such a variable."""
    write(file, database={"port": 5433})
    assert load(environ={"POSTGRES_PORT": "tcp://10.0.0.7:5432"}).database.port == 5433


@pytest.mark.parametrize(
    ("name", "value"),
    [("S3_SECURE", "perhaps"), ("POSTGRES_PORT", "five"), ("PGPORT", "70000"), ("POSTGRES_SSLMODE", "bogus")],
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(UsageError, match=name.removeprefix("PG")):
        apply_environment(Settings(), {name: value})


def test_command_line_overrides_all(file: Path) -> None:
    write(file, releases={"keep": 4})
    assignments = [
        "releases.keep = 5",
        "storage.secure=no",
        "storage.endpoint=c:1",
        "languages=fr, de",
        "gate.max_outside=7",
    ]
    assignments += ["gate.max_outside=7", 'sources.extracts=[{"url": "http://a/b.pbf"}]']
    found = load("", {"S3_ENDPOINT": "e:9000"}, *assignments)
    assert (found.releases.keep, found.storage.secure, found.storage.endpoint) == (5, False, "c:1")
    assert (found.languages, found.gate.max_outside, found.sources.extracts[0].name) == (("fr", "de"), "7", "")


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("releases.keep", "--set releases.keep: give a name and a value"),
        ("releases.keep=none", "--set: setting releases.keep: expected int, got str"),
        ("releases.kept=1", "--set: setting releases.kept is unknown"),
        ("a.b.c=1", "--set: setting a.b.c is unknown"),
        ("format=2", "--set: setting format is unknown"),
        ("releases=1", "--set: releases is a section; name one of its settings: keep"),
        ("sources.extracts=[", "--set: setting sources.extracts is not JSON"),
    ],
)
def test_refuses_wrong_override(file: Path, assignment: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        load("", {}, assignment)
    assert said in str(error.value)


def test_credentials_come_from_the_environment_only(file: Path) -> None:
    write(file, storage={"endpoint": "e:9000"}, database={"host": "h", "name": "d"})
    found = load()
    store = Store.from_settings(found.storage, {"S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b"})
    assert (store.endpoint, store.bucket) == ("e:9000", "cosmogony")
    database = DatabaseAddress.from_settings(found.database, {"POSTGRES_USER": "u", "POSTGRES_PASSWORD": " p "})
    assert (database.host, database.name, database.user, database.password) == ("h", "d", "u", " p ")
    with pytest.raises(UsageError, match="S3_ACCESS_KEY, S3_SECRET_KEY not set"):
        Store.from_settings(found.storage, {})
    with pytest.raises(UsageError, match="POSTGRES_HOST, POSTGRES_USER, POSTGRES_PASSWORD not set"):
        DatabaseAddress.from_settings(Settings().database, {})


def test_command_takes_settings_of_the_plan(file: Path, environ: dict[str, str]) -> None:
    kept = Settings.from_json({"gate": {"max_loss_percent": 3}}, "x")
    write_plan(find_store(environ), make_plan(kept))
    write(file, gate={"max_loss_percent": 7, "of_a_newer_version": 1})
    assert load("runs/update-x/plan.json", environ).gate.max_loss_percent == 3
    with pytest.raises(UsageError, match="of_a_newer_version"):
        load(" ", environ)
    assert load("runs/update-x/plan.json", environ, "gate.max_loss_percent=4").gate.max_loss_percent == 4
    with pytest.raises(StepError, match=r"plan runs/update-y/plan\.json is not in"):
        load("runs/update-y/plan.json", environ)
