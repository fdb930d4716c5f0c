# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/api.md run, the page shows every address, and the runs are those of the catalog."""

from __future__ import annotations

import json
import re
from pathlib import Path

import api_examples
import pytest
from cosmogony_importer.releases import runs
from cosmogony_steps.documents import RunSummary

from .support.server import run_server

SUMMARY = Path(__file__).parents[2] / "base/tests/documents"
# Of the made-up country instead of Liechtenstein.
NAMES = {
    "relation:47": "relation:900007",
    "relation:48": "relation:900041",
    "wikidata/Q39": "wikidata/Q900007",
    "zones/1": "zones/7",
    "country=LI": "country=AA",
}


@pytest.fixture
def url(postgres, published, tmp_path):
    with run_server({**postgres.environment(published), "OPERATIONS_PAGE": "true"}, tmp_path) as server:
        yield server.url


def test_examples_of_the_page_run(url):
    assert api_examples.run_examples(url, NAMES) == []


def test_page_and_documents_name_the_same_addresses(client):
    document = client.get("/v1/openapi.json").json
    page = client.get("/docs").get_data(as_text=True)
    text = api_examples.REFERENCE.read_text(encoding="utf-8")
    for path in document["paths"]:
        assert path in page
        if path.startswith("/v1/"):
            pattern = re.sub(r"\\{\w+\\}", r"[^/?\\s']+", re.escape(path))
            by_other_id = re.search(r"/(\{id\}|\{wikidata\})/\{relatives\}$", path)
            assert by_other_id or re.search(rf"/api{pattern}", text), path
    assert "<script" not in page
    assert "default-src 'none'" in client.get("/docs").headers["Content-Security-Policy"]


def test_runs_are_the_last_ones_newest_first(make_client, postgres, published):
    client = make_client(published, OPERATIONS_PAGE="true")
    text = (SUMMARY / "run-summary.json").read_text(encoding="utf-8")
    document = json.loads(text)
    with postgres.connect(published) as connection:
        try:
            for number in range(25):
                finished = f"2026-11-22T22:{number:02}:00Z"
                summary = RunSummary.from_json({**document, "run": f"run-{number}", "finished": finished}, "test")
                runs.record_run(connection, summary)
            answer = client.get("/v1/runs")
        finally:
            connection.execute("delete from cosmogony_catalog.runs")
    assert answer.status_code == 200
    assert [run["run"] for run in answer.json["runs"]] == [f"run-{number}" for number in range(24, 4, -1)]
    assert client.get("/v1/runs").json == {"runs": []}
    assert client.get("/v1/site").json == {"operations": True}
    assert make_client(published).get("/v1/runs").status_code == 404
    assert make_client(published).get("/v1/site").json == {"operations": False}
