# SPDX-License-Identifier: Apache-2.0
"""Updates by the clock, and the API server's look at the templates."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import CHECKOUT
from kubernetes.client.exceptions import ApiException
from scenario.cluster import GROUP
from scenario.stack import LIECHTENSTEIN, Stack
from waiting import wait_for

CRON = "cosmogony-update"


def check(stack: Stack, document: dict[str, Any]) -> None:
    """Let the API server judge a document strictly; nothing is kept."""
    plural = f"{document['kind'].lower()}s"
    tried = copy.deepcopy(document)
    tried["metadata"]["name"] = f"strict-{document['metadata']['name']}"
    stack.cluster.custom.create_namespaced_custom_object(
        *GROUP, stack.cluster.namespace, plural, tried, dry_run="All", field_validation="Strict"
    )


@pytest.mark.quick
def test_definitions_are_complete_and_strict(stack: Stack, tmp_path: Path) -> None:
    """Every template as rendered; and none of them with a misspelt field, at whatever depth."""
    subprocess.run(
        [sys.executable, CHECKOUT / "tools/render_workflow_templates.py", f"--output={tmp_path}"], check=True
    )
    documents = [yaml.safe_load(file.read_text()) for file in sorted(tmp_path.glob("*.yaml"))]
    assert len(documents) > 10
    for document in documents:
        check(stack, document)
        for path in (("spec", "entripoint"), ("spec", "templates", 0, "retryStrategie")):
            broken = copy.deepcopy(document)
            place: Any = broken
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = "x"
            with pytest.raises(ApiException) as refused:
                check(stack, broken)
            assert refused.value.status == 400
            field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
            assert f'unknown field "{field}"' in json.loads(refused.value.body)["message"]


def cron(stack: Stack) -> dict[str, Any] | None:
    items = stack.cluster.custom.list_namespaced_custom_object(*GROUP, stack.cluster.namespace, "cronworkflows")[
        "items"
    ]
    return next((item for item in items if item["metadata"]["name"] == CRON), None)


def schedule(stack: Stack, **variables: Any) -> str:
    """Run role workflows as a deployment does; its recap."""
    extra = {f"workflows_{name}": value for name, value in variables.items()}
    return stack.playbook("site.yml", "--tags=workflows", **extra).succeeded().output


@pytest.mark.quick
def test_inventory_switches_the_schedule(stack: Stack) -> None:
    settings = {
        "schedule": "15 3 * * *", "schedule_timezone": "Europe/Vaduz", "schedule_suspend": True,
        "history_succeeded": 2, "history_failed": 3,
    }  # fmt: skip
    try:
        assert "changed=0" not in schedule(stack, **settings)
        spec = cron(stack)["spec"]
        assert spec["schedules"] == ["15 3 * * *"]
        assert (spec["timezone"], spec["suspend"]) == ("Europe/Vaduz", True)
        assert spec["concurrencyPolicy"] == "Forbid"
        assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (2, 3)
        assert spec["workflowSpec"]["parallelism"] == 2
    finally:
        schedule(stack)
    assert cron(stack) is None, "without a schedule there is none"


def test_misspelt_field_of_the_inventory_is_refused(stack: Stack) -> None:
    said = stack.playbook("site.yml", "--tags=workflows", workflows_spec={"nodeSelektor": {"disk": "fast"}}).failed()
    assert "nodeSelektor" in said.text
    assert "workflows_spec" in said.text


def test_schedule_starts_one_at_a_time(stack: Stack) -> None:
    """The clock keeps running during an update; no second one joins it, and old runs are forgotten."""

    def runs() -> list[dict[str, Any]]:
        label = "workflows.argoproj.io/cron-workflow"
        return [w for w in stack.cluster.workflows() if w["metadata"]["labels"].get(label) == CRON]

    def done() -> list[str]:
        found = [run["metadata"]["name"] for run in runs() if run.get("status", {}).get("phase") == "Succeeded"]
        names.update(found)
        return found

    names: set[str] = set()
    with stack.trial("an update that lasts longer than its schedule", publishes=True) as trial:
        changed = stack.change(LIECHTENSTEIN)
        stack.downloads.fault(LIECHTENSTEIN, "stall", after=1000)
        try:
            schedule(stack, schedule="@every 10s", schedule_timezone="Europe/Vaduz", history_succeeded=1)
            wait_for(lambda: stack.downloads.seen(LIECHTENSTEIN)["stalled"], "a fetch in the middle", limit=120)
            (first,) = runs()
            assert first["spec"]["parallelism"] == 2, "what the clock submits has the inventory's number, too"
            moment = cron(stack)["status"]["lastScheduledTime"]
            wait_for(lambda: cron_skipped(stack, moment), "a tick while it runs", limit=60)
            assert [run["metadata"]["name"] for run in runs()] == [first["metadata"]["name"]]
            stack.downloads.all_right()
            wait_for(lambda: done() and len(names) >= 3, "three updates by the clock", limit=300)
            wait_for(lambda: len(done()) <= 1, "only one of them is kept", limit=60)
        finally:
            schedule(stack)
        assert stack.served(changed)
        trial.saw("ticks pass while it runs; the next ones find nothing new; one ended run is kept")


def cron_skipped(stack: Stack, moment: str) -> bool:
    """More time than two ticks has passed on the cluster's own clock since the run began."""
    began = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return (datetime.now(UTC) - began).total_seconds() > 25
