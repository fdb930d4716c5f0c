# SPDX-License-Identifier: Apache-2.0
"""Argo passes outputs on as arguments, environment variables and parts of an object in etcd: they stay small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cosmogony_pipeline.sources.source_config import SourceConfig
from cosmogony_pipeline.steps.plan import SourceStatus, decide_whether_to_release, make_plan_document
from cosmogony_pipeline.steps.plan_outputs import make_outputs
from cosmogony_steps.documents import Plan
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.settings import Settings

from .test_plan import INPUTS

KEY = "runs/cosmogony-update-x7k2p/plan.json"
LIMIT = 8192  # bytes


def plan_of(count: int) -> Plan:
    statuses = [
        SourceStatus(
            SourceConfig(name, f"https://download.example.org/{name}", "MT", ("fr", "en")),
            *(None, None, None),
            changed=number % 2 == 1,
            fetch=number % 2 == 1,
            extract=True,
        )
        for number in range(count)
        for name in [f"region-with-a-name-of-usual-length-{number:05}-latest.osm.pbf"]
    ]
    changed, message = decide_whether_to_release(statuses, None, [], forced=False)
    return make_plan_document("cosmogony-update-x7k2p", statuses, statuses, INPUTS, Settings(), changed, message, "")


@pytest.mark.parametrize("count", [1, 1000, 20_000])
def test_no_output_grows_with_the_number_of_sources(count: int, tmp_path: Path) -> None:
    plan = plan_of(count)
    write_outputs(tmp_path, make_outputs(plan, KEY))
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(written) == {
        *("plan", "batches", "changed", "message", "release", "details", "fetch-bytes", "merge-disk"),
    }
    assert {name: len(text) for name, text in written.items() if len(text) > LIMIT} == {}
    assert json.loads(written["batches"]) == list(range(len(plan.batches)))
    assert sum(len(batch.sources) for batch in plan.batches) == len(plan.items) == count


def test_the_details_count_all_sources_and_show_first_what_is_to_be_fetched() -> None:
    details = json.loads(json.dumps(make_outputs(plan_of(1000), KEY)["details"]))
    assert details["states"] == {"new": 500, "to extract": 500}
    assert len(details["sources"]) + details["more"] == 1000
    assert {source["state"] for source in details["sources"]} == {"new"}
    assert details["sources"][0]["name"] == "region-with-a-name-of-usual-length-00001-latest.osm.pbf"
    assert details["all"] == KEY


def test_the_message_names_the_first_sources() -> None:
    message = plan_of(1000).message
    assert message.startswith("500 of 1000 sources to fetch (0 bytes): region-with-a-name-of-usual-length-00001")
    assert message.endswith(", and 490 more; all are in the plan")
