# SPDX-License-Identifier: Apache-2.0
"""The commands as Argo runs them: arguments, outputs, exit codes, standard error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bucket import BUCKET
from cosmogony_pipeline import STEPS
from cosmogony_pipeline.cli import main
from cosmogony_pipeline.commands import COMMANDS
from cosmogony_steps.s3 import Store
from source_server import SourceServer
from test_extract import DATA
from throwaway import free_port, postgis
from throwaway.objectstore import MinIO

COMMON = ["--languages", "en", "--importer", "i:1", "--dashboard", "d:1", "--tiles-max-zoom", "8", "--reason", ""]


class Runner:
    def __init__(self, minio: MinIO, database_settings: dict[str, str], folder: Path) -> None:
        self.folder = folder
        self.store = Store.from_environment(minio.environment(BUCKET))
        self.environment = {**os.environ, **minio.environment(BUCKET), **database_settings}
        self.environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        self.said = ""
        self.count = 0

    def __call__(self, *arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
        self.count += 1
        outputs = self.folder / f"outputs-{self.count}"
        command = [sys.executable, "-m", "cosmogony_pipeline", *arguments, "--outputs", str(outputs)]
        done = subprocess.run(
            command, env={**self.environment, **environment}, capture_output=True, text=True, check=False
        )
        self.said = done.stderr
        found = {path.name: path.read_text() for path in outputs.iterdir()} if outputs.exists() else {}
        return done.returncode, found


@pytest.fixture
def run(minio: MinIO, postgres: postgis.Server, database: str, tmp_path: Path) -> Runner:
    return Runner(minio, postgres.environment(database), tmp_path)


def test_a_whole_update_and_then_nothing_to_do(
    run: Runner, server: SourceServer, postgres: postgis.Server, database: str, tmp_path: Path
) -> None:
    server.put("/gatineau-latest.osm.pbf", (DATA / "gatineau.osm.pbf").read_bytes())
    sources = json.dumps([{"url": f"{server.url}/gatineau-latest.osm.pbf", "country_code": "ca", "enabled": "true"}])
    plan = ["plan", "--sources", sources, "--force", "false", *COMMON]

    code, outputs = run(*plan)
    assert code == 0, run.said
    assert (outputs["changed"], outputs["release"]) == ("true", "")
    items = json.loads(outputs["sources"])

    progress = tmp_path / "progress"
    code, fetched = run("fetch", "--source", json.dumps(items[0]), ARGO_PROGRESS_FILE=str(progress))
    assert code == 0, run.said
    assert progress.read_text() == "19277/19277\n"

    extract = ["extract", "--source", json.dumps(items[0]), "--languages", "en", "--threads", "1"]
    assert run(*extract, SCRATCH_SIZE="1Mi")[0] == 1
    assert "of scratch space are too little" in run.said
    extract += ["--disk", "300Mi"]
    code, extracted = run(*extract, ARGO_PROGRESS_FILE=str(progress))
    assert (code, extracted) == (0, {"zones": "1", "skipped": "false"}), run.said
    assert "INFO rules " in run.said  # what the extractor logs
    assert "City: 1 zones" in run.said
    assert progress.read_text() == "1/1\n"
    assert run(*extract) == (0, {"zones": "1", "skipped": "true"})

    merge = ["merge", "--sources", outputs["sources"], "--started", "2026-11-22T22:10:00Z", *COMMON]
    code, merged = run(*merge)
    assert code == 0, run.said
    assert merged["release"] == f"20261122t221000-{merged['inputs-digest'][:8]}"
    assert merged["zones"] == "1"
    assert run(*merge) == (0, merged)

    assert run(*plan)[1]["changed"] == "true"  # nothing is published yet
    release = f"'{merged['release']}', 'public', '{merged['inputs-digest']}', 'published', true, now(), now()"
    with postgres.connect(database) as connection:
        connection.execute(
            f"""create view public.cosmogony_releases as select * from (values ({release}))
            as t(id, schema_name, inputs_digest, state, live, created, published_at)"""
        )
    server.forget()
    try:
        code, outputs = run(*plan)
        assert (code, outputs["changed"], outputs["work"]) == (0, "false", "[]")
        assert outputs["release"] == merged["release"]
        assert outputs["message"] == f"release {merged['release']} is current"
        assert server.body_bytes["/gatineau-latest.osm.pbf"] == 0
        assert run(*[argument if argument != "false" else "true" for argument in plan])[1]["changed"] == "true"
    finally:
        with postgres.connect(database) as connection:
            connection.execute("drop view public.cosmogony_releases")
    assert fetched["digest"] in merged["inputs-digest"] or len(fetched["digest"]) == 64


@pytest.mark.parametrize("step", ["plan", "fetch"])
def test_an_absent_source_ends_with_1_in_one_line_that_names_it(run: Runner, server: SourceServer, step: str) -> None:
    item = {"url": f"{server.url}/none.osm.pbf"}
    arguments = ["--sources", json.dumps([item])] if step == "plan" else ["--source", json.dumps(item)]
    code, outputs = run(step, *arguments)
    assert (code, outputs) == (1, {})
    assert f"{step}: source none.osm.pbf: {server.url}/none.osm.pbf answered HTTP 404" in run.said
    assert len(run.said.splitlines()) == 1
    assert "Traceback" not in run.said


def test_a_failure_that_may_pass_ends_with_75(
    minio: MinIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    told = tmp_path / "termination-log"
    told.touch()
    monkeypatch.setattr("cosmogony_steps.termination.FILE", str(told))
    monkeypatch.setenv("S3_ENDPOINT", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)
    assert main(["extract", "--source", json.dumps({"url": "https://example.org/x.osm.pbf"})]) == 75
    said = capsys.readouterr().err
    assert "a retry can help" in said
    assert said.rstrip("\n").endswith(told.read_text()), "the pod's message is the cause"
    assert told.read_text().startswith("extract: ")


def test_a_wrong_secret_ends_with_1_and_is_not_shown(run: Runner) -> None:
    item = json.dumps({"url": "https://example.org/x.osm.pbf"})
    code, _ = run("extract", "--source", item, S3_SECRET_KEY="not-the-secret")
    assert code == 1
    assert "check the S3 Secret" in run.said
    assert "not-the-secret" not in run.said


@pytest.mark.parametrize("arguments", [["fetch"], ["fetch", "--sources", "[]"], ["merge", "--sources", "[]"]])
def test_wrong_arguments_end_with_2(run: Runner, arguments: list[str]) -> None:
    assert run(*arguments)[0] == 2


def test_sources_out_of_the_environment(run: Runner, server: SourceServer) -> None:
    """A URL with a signature is no argument: it comes from the settings, and only fetch uses the whole of it."""
    server.put("/gatineau.osm.pbf?signature=hush", (DATA / "gatineau.osm.pbf").read_bytes(), md5=False)
    configured = json.dumps([{"url": f"{server.url}/gatineau.osm.pbf?signature=hush", "country_code": "ca"}])
    code, outputs = run("plan", *COMMON, SOURCES=configured)
    assert code == 0, run.said
    shown = run.said + json.dumps(outputs)
    (item,) = json.loads(outputs["work"])
    assert item["url"] == f"{server.url}/gatineau.osm.pbf"
    assert run("fetch", "--source", json.dumps(item))[0] == 1  # 404 without the signature
    shown += run.said
    assert run("fetch", "--source", json.dumps(item), SOURCES=configured)[0] == 0, run.said
    shown += run.said
    assert run("extract", "--source", json.dumps(item), "--languages", "en")[0] == 0, run.said
    code, merged = run("merge", "--started", "2026-11-22T22:10:00Z", *COMMON, SOURCES=configured)
    assert code == 0, run.said
    shown += run.said
    for key in ("osm/gatineau.osm.pbf.json", f"releases/{merged['release']}/manifest.json"):
        shown += json.dumps(run.store.find_json(key))
    assert f"{server.url}/gatineau.osm.pbf" in shown
    assert "hush" not in shown


def test_the_original_zones_are_asked_for_in_every_step(run: Runner, server: SourceServer) -> None:
    server.put("/gatineau.osm.pbf", (DATA / "gatineau.osm.pbf").read_bytes())
    configured = json.dumps([{"url": f"{server.url}/gatineau.osm.pbf", "country_code": "ca"}])
    item = json.dumps(json.loads(run("plan", *COMMON, SOURCES=configured)[1]["work"])[0])
    extract = ["extract", "--source", item, "--languages", "en"]
    merge = ["merge", "--started", "2026-11-22T22:10:00Z", *COMMON]
    assert run("fetch", "--source", item)[0] == 0, run.said
    assert run(*extract, "--as-original=true")[0] == 0, run.said
    assert run(*merge, "--as-original=false", SOURCES=configured)[0] == 1
    assert "languages or as_original; run fetch and extract" in run.said
    code, merged = run(*merge, "--as-original=true", SOURCES=configured)
    assert code == 0, run.said
    manifest = run.store.find_json(f"releases/{merged['release']}/manifest.json") or {}
    assert manifest["inputs"]["as_original"] is True
    assert run("plan", *COMMON, "--as-original=false", SOURCES=configured)[1]["message"].endswith(
        "to extract again: gatineau.osm.pbf"
    )
    assert run("plan", *COMMON, "--as-original=true", SOURCES=configured)[1]["message"].startswith("no release is")
    assert run(*extract, "--as-original=perhaps")[0] == 2
    assert "--as-original: 'perhaps' is neither true nor false" in run.said


def test_every_step_runs_under_a_watch() -> None:
    assert {command.__name__.rpartition(".")[2] for command in COMMANDS} == set(STEPS)


def test_no_sources_at_all(run: Runner) -> None:
    assert run("plan", *COMMON)[0] == 2
    assert "no source is enabled" in run.said


def test_two_sources_with_one_name_are_refused(run: Runner) -> None:
    sources = json.dumps(["https://a.org/x.osm.pbf", "https://b.org/x.osm.pbf"])
    assert run("plan", "--sources", sources)[0] == 2
    assert "https://a.org/x.osm.pbf and https://b.org/x.osm.pbf have the same file name" in run.said
