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
from checkout import DATA
from cosmogony_pipeline.cli import main
from services import free_port, postgis
from services.connections import find_store
from services.objectstore import MinIO

from .bucket import BUCKET
from .source_server import SourceServer

STARTED = ["--started", "2026-11-22T22:10:00Z"]
PLAN = "runs/update-x/plan.json"


class Runner:
    """Runs the program with a file of settings; the outputs are what Argo would read."""

    def __init__(self, minio: MinIO, database_settings: dict[str, str], folder: Path) -> None:
        self.folder = folder
        self.store = find_store(minio.environment(BUCKET))
        self.environment = {**os.environ, **minio.environment(BUCKET), **database_settings}
        self.environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        self.file = folder / "settings.json"
        self.said = ""
        self.count = 0

    def configure(self, *extracts: dict[str, Any], **more: Any) -> None:
        """Write the settings."""
        sources = {"extracts": extracts, **more.pop("sources", {})}
        images = {"importer": "i:1", "dashboard": "d:1"}
        text = json.dumps({"format": 1, "languages": ["en"], "images": images, "sources": sources, **more})
        self.file.write_text(text)

    def __call__(self, *arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
        self.count += 1
        outputs = self.folder / f"outputs-{self.count}"
        options = ["--settings", str(self.file), "--outputs", str(outputs)]
        command = [sys.executable, "-m", "cosmogony_pipeline", *arguments, *options]
        done = subprocess.run(
            command, env={**self.environment, **environment}, capture_output=True, text=True, check=False
        )
        self.said = done.stderr
        found = {path.name: path.read_text() for path in outputs.iterdir()} if outputs.exists() else {}
        return done.returncode, found

    def must(self, *arguments: str, **environment: str) -> dict[str, Any]:
        """Run a step that must succeed; return its outputs."""
        code, outputs = self(*arguments, **environment)
        assert code == 0, self.said
        return outputs


@pytest.fixture
def run(minio: MinIO, postgres: postgis.Server, database: str, tmp_path: Path) -> Runner:
    return Runner(minio, postgres.environment(database), tmp_path)


def gatineau(server: SourceServer, name: str = "gatineau-latest.osm.pbf", query: str = "") -> dict[str, Any]:
    """Serve the extract under a name; return the source."""
    server.put(f"/{name}{query}", (DATA / "gatineau.osm.pbf").read_bytes(), md5=not query)
    return {"url": f"{server.url}/{name}{query}", "country_code": "ca"}


def test_a_whole_update_and_then_nothing_to_do(
    run: Runner, server: SourceServer, postgres: postgis.Server, database: str, tmp_path: Path
) -> None:
    run.configure(gatineau(server))
    plan = ["plan", "--run", "update-x", "--force", "false"]
    batch = ["--plan", PLAN, "--batch", "0"]

    outputs = run.must(*plan)
    assert (outputs["changed"], outputs["release"], outputs["batches"]) == ("true", "", "[0]")
    assert outputs["plan"] == PLAN

    progress = tmp_path / "progress"
    assert run.must("fetch", *batch, ARGO_PROGRESS_FILE=str(progress)) == {"disk": "257Mi"}
    assert progress.read_text() == "19277/19277\n"

    extract = ["extract", *batch, "--set", "extract.threads=1"]
    assert run(*extract, SCRATCH_SIZE="1Mi")[0] == 1
    assert "of scratch space are too little" in run.said
    extract += ["--disk", "300Mi"]
    extracted = run.must(*extract, ARGO_PROGRESS_FILE=str(progress))
    assert extracted == {"zones": "1", "skipped": "false"}
    assert "INFO rules " in run.said  # what the extractor logs
    assert "City: 1 zones" in run.said
    assert progress.read_text() == "1/1\n"
    assert run.must(*extract) == {"zones": "1", "skipped": "true"}

    merge = ["merge", "--plan", PLAN, *STARTED]
    merged = run.must(*merge)
    assert merged["release"] == f"20261122t221000-{merged['inputs-digest'][:8]}"
    assert merged["zones"] == "1"
    assert run.must(*merge) == merged

    assert run.must(*plan)["changed"] == "true"  # nothing is published yet
    release = f"'{merged['release']}', 'public', '{merged['inputs-digest']}', 'published', true, now(), now()"
    with postgres.connect(database) as connection:
        connection.execute(
            f"""create view public.cosmogony_releases as select * from (values ({release}))
            as t(id, schema_name, inputs_digest, state, live, created, published_at)"""
        )
    server.forget()
    try:
        outputs = run.must(*plan)
        assert (outputs["changed"], outputs["batches"]) == ("false", "[]")
        assert outputs["release"] == merged["release"]
        assert outputs["message"] == f"release {merged['release']} is current"
        assert server.body_bytes["/gatineau-latest.osm.pbf"] == 0
        assert run.must(*plan[:-1], "true")["changed"] == "true"
    finally:
        with postgres.connect(database) as connection:
            connection.execute("drop view public.cosmogony_releases")


def test_settings_that_change_in_the_middle_of_a_run_do_not_change_it(run: Runner, server: SourceServer) -> None:
    first, second = gatineau(server, "a.osm.pbf"), gatineau(server, "b.osm.pbf", "?token=old")
    run.configure(first, second, sources={"batch_sources": 1})
    outputs = run.must("plan", "--run", "update-x", "--reason", "new colours")
    assert outputs["batches"] == "[0,1]"
    run.must("fetch", "--plan", PLAN, "--batch", "0")

    # other languages and images, one source removed, the other one with a new signature, and one more
    run.configure(
        gatineau(server, "b.osm.pbf", "?token=new"),
        gatineau(server, "c.osm.pbf"),
        languages=["fr"],
        images={"importer": "i:2", "dashboard": "d:2"},
        sources={"as_original": True},
        tiles={"max_stored_zoom": 3},
        gate={"limit_of_a_newer_version": 1},
    )
    server.forget()
    run.must("fetch", "--plan", PLAN, "--batch", "1")
    assert server.gets("/b.osm.pbf?token=new") and not server.gets("/b.osm.pbf?token=old")
    for number in "01":
        run.must("extract", "--plan", PLAN, "--batch", number)
    merged = run.must("merge", "--plan", PLAN, *STARTED)
    inputs = (run.store.find_json(f"releases/{merged['release']}/manifest.json") or {})["inputs"]
    assert [source["name"] for source in inputs["sources"]] == ["a.osm.pbf", "b.osm.pbf"]
    assert (inputs["languages"], inputs["importer"], inputs["dashboard"]) == (["en"], "i:1", "d:1")
    assert (inputs["as_original"], inputs["tiles_max_zoom"], inputs["reason"]) == (False, 8, "new colours")


def test_a_signed_source_that_is_gone_from_the_settings_says_what_to_do(run: Runner, server: SourceServer) -> None:
    run.configure(gatineau(server, query="?token=hush"))
    run.must("plan", "--run", "update-x")
    run.configure(gatineau(server, "other.osm.pbf"))
    assert run("fetch", "--plan", PLAN, "--batch", "0")[0] == 1
    assert "source gatineau-latest.osm.pbf: " in run.said
    assert "no longer in cosmogony_sources" in run.said and "put it back" in run.said
    assert "hush" not in run.said + json.dumps(run.store.find_json(PLAN))


def test_retried_batch_continues_at_the_first_failure(run: Runner, server: SourceServer) -> None:
    run.configure(*(gatineau(server, f"{letter}.osm.pbf") for letter in "abc"))
    assert run.must("plan", "--run", "update-x")["batches"] == "[0]"
    fetch, extract = ([step, "--plan", PLAN, "--batch", "0"] for step in ("fetch", "extract"))
    lost = server.files.pop("/b.osm.pbf")
    code, outputs = run(*fetch)
    assert (code, outputs) == (1, {})
    assert "ERROR fetch: source b.osm.pbf: " in run.said and "answered HTTP 404" in run.said
    assert "(2 of 3)" in run.said.splitlines()[-1]
    assert run(*extract)[0] == 1
    assert "source b.osm.pbf: not fetched yet; run the fetch step first (2 of 3)" in run.said.splitlines()[-1]
    server.files["/b.osm.pbf"] = lost
    server.forget()
    run.must(*fetch)
    assert {path for path, count in server.body_bytes.items() if count > 1000} == {"/b.osm.pbf"}
    assert run.must(*extract) == {"zones": "3", "skipped": "false"}
    assert run.said.count("nothing to extract") == 2
    assert run.must(*extract) == {"zones": "3", "skipped": "true"}


def test_a_source_alone(run: Runner, server: SourceServer) -> None:
    run.configure(gatineau(server, "a.osm.pbf"), gatineau(server, "b.osm.pbf"))
    for step in ("fetch", "extract"):
        assert run(step)[0] == run(step, "--batch", "0")[0] == 2
        assert "give --plan KEY and --batch N, or --source NAME" in run.said
        assert run(step, "--source", "c.osm.pbf")[0] == 2
        assert "source c.osm.pbf is none of the 2 enabled sources" in run.said
        run.must(step, "--source", "b.osm.pbf")
    assert run.store.find_info("osm/a.osm.pbf") is None
    assert run("merge", *STARTED)[0] == 1
    assert "source a.osm.pbf has no zones yet" in run.said
    run.configure(gatineau(server, "b.osm.pbf"))
    merged = run.must("merge", "--reason", "by hand", *STARTED)
    manifest = run.store.find_json(f"releases/{merged['release']}/manifest.json") or {}
    assert manifest["inputs"]["reason"] == "by hand"


def test_a_plan_that_cannot_be_used_is_explained(run: Runner, server: SourceServer) -> None:
    run.configure(gatineau(server))
    assert run("fetch", "--plan", PLAN, "--batch", "0")[0] == 1
    assert f"plan {PLAN} is not in S3 " in run.said and "run the update again" in run.said
    run.must("plan", "--run", "update-x")
    assert run("fetch", "--plan", PLAN, "--batch", "7")[0] == 2
    assert "--batch 7 is not in the plan, which has 1 (from 0)" in run.said
    assert run("merge", "--plan", PLAN, "--reason", "x", *STARTED)[0] == 2
    document = run.store.find_json(PLAN) or {}
    run.store.write_json(PLAN, {**document, "programs": {**document["programs"], "extractor": "of another version"}})
    assert run("extract", "--plan", PLAN, "--batch", "0")[0] == 1
    assert f"plan {PLAN} is of another version of the extractor; run the update again" in run.said
    assert run("plan", "--run", "Update X")[0] == 2


@pytest.mark.parametrize("step", ["plan", "fetch"])
def test_absent_source_exits_with_1_and_one_line(run: Runner, server: SourceServer, step: str) -> None:
    run.configure({"url": f"{server.url}/none.osm.pbf"})
    arguments = ["--run", "update-x"] if step == "plan" else ["--source", "none.osm.pbf"]
    code, outputs = run(step, *arguments)
    assert (code, outputs) == (1, {})
    assert f"{step}: source none.osm.pbf: {server.url}/none.osm.pbf answered HTTP 404" in run.said
    assert len(run.said.splitlines()) == 1
    assert "Traceback" not in run.said


def test_transient_error_exits_with_75(
    minio: MinIO, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    message_file = tmp_path / "termination-log"
    message_file.touch()
    monkeypatch.setattr("cosmogony_steps.pod_message.FILE", str(message_file))
    monkeypatch.setenv("S3_ENDPOINT", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"sources": {"extracts": [{"url": "https://example.org/x.osm.pbf"}]}}))
    assert main(["extract", "--source", "x.osm.pbf", "--settings", str(settings)]) == 75
    said = capsys.readouterr().err
    assert "a retry can help" in said
    assert said.rstrip("\n").endswith(message_file.read_text()), "the pod's message is the cause"
    assert message_file.read_text().startswith("extract: ")


def test_wrong_secret_exits_with_1_and_is_not_shown(run: Runner) -> None:
    run.configure({"url": "https://example.org/x.osm.pbf"})
    code, _ = run("extract", "--source", "x.osm.pbf", S3_SECRET_KEY="not-the-secret")
    assert code == 1
    assert "check the S3 Secret" in run.said
    assert "not-the-secret" not in run.said


@pytest.mark.parametrize("arguments", [["fetch"], ["plan"], ["merge"], ["merge", *STARTED]])
def test_wrong_arguments_exit_with_2(run: Runner, arguments: list[str]) -> None:
    run.configure()
    assert run(*arguments)[0] == 2


def test_signatures_are_in_no_document_and_no_output(run: Runner, server: SourceServer) -> None:
    """A URL with a signature is not an argument: it comes from the settings, and only fetch uses the whole of it."""
    run.configure(gatineau(server, "gatineau.osm.pbf", "?signature=hush"))
    shown = json.dumps(run.must("plan", "--run", "update-x")) + run.said
    shown += json.dumps(run.must("fetch", "--plan", PLAN, "--batch", "0")) + run.said
    shown += json.dumps(run.must("extract", "--plan", PLAN, "--batch", "0")) + run.said
    merged = run.must("merge", "--plan", PLAN, *STARTED)
    shown += json.dumps(merged) + run.said
    for key in (PLAN, "osm/gatineau.osm.pbf.json", f"releases/{merged['release']}/manifest.json"):
        shown += json.dumps(run.store.find_json(key))
    assert f"{server.url}/gatineau.osm.pbf" in shown
    assert "hush" not in shown


def test_as_original_reaches_every_step(run: Runner, server: SourceServer) -> None:
    source = gatineau(server, "gatineau.osm.pbf")
    alone = ["--source", "gatineau.osm.pbf"]
    run.configure(source, sources={"as_original": True})
    run.must("fetch", *alone)
    run.must("extract", *alone)
    run.configure(source)
    assert run("merge", *STARTED)[0] == 1
    assert "languages or as_original; run fetch and extract" in run.said
    assert run.must("plan", "--run", "x")["message"].endswith("to extract again: gatineau.osm.pbf")
    run.configure(source, sources={"as_original": True})
    merged = run.must("merge", *STARTED)
    manifest = run.store.find_json(f"releases/{merged['release']}/manifest.json") or {}
    assert manifest["inputs"]["as_original"] is True
    assert run.must("plan", "--run", "x")["message"].startswith("no release is")


def test_rejects_settings_without_sources(run: Runner) -> None:
    run.configure()
    assert run("plan", "--run", "x")[0] == 2
    assert "no source is enabled" in run.said


def test_two_sources_with_one_name_are_refused(run: Runner) -> None:
    run.configure({"url": "https://a.org/x.osm.pbf"}, {"url": "https://b.org/x.osm.pbf"})
    assert run("plan", "--run", "x")[0] == 2
    assert "https://a.org/x.osm.pbf and https://b.org/x.osm.pbf have the same file name" in run.said
