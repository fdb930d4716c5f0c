# SPDX-License-Identifier: Apache-2.0
"""Action plugin of argo_workflow: prints what happens while the workflow runs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils._argo_standstill import StandstillReporter
from ..module_utils._argo_status import format_elapsed, seconds_between
from ..module_utils._kubernetes_api import make_argument_spec
from ..modules.argo_workflow import OPTIONS, RULES

LONGEST_LOOK = 20  # seconds until the module returns although nothing has changed
OF_THE_LOOP = ("lines", "seen", "ended", "active", "observation")


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Submits a workflow by the module argo_workflow, then prints a line for each change until it ends."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Submit or find the workflow and follow it; return the task's result as RETURN of the module documents it."""
        super().run(tmp, task_vars)
        _, options = self.validate_argument_spec(make_argument_spec(**OPTIONS), **RULES)
        began = time.monotonic()
        submitted: dict[str, Any] = {}
        name = options["name"]
        if not options["wait"] or self._task.check_mode or not name:
            submitted = self._call("argo_workflow", self._task.args, task_vars)
            if not options["wait"] or self._task.check_mode or submitted.get("failed"):
                return submitted
            name = submitted["workflow"]["name"]
            self._print(f"{name} {'submitted' if submitted['changed'] else 'is running and is followed'}")
        result = self._follow(name, options, began, task_vars)
        if submitted.get("running"):
            result["running"] = submitted["running"]
        return result

    def _follow(
        self, name: str, options: dict[str, Any], began: float, task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        limit = options["wait_timeout"]
        kubernetes = {option: value for option, value in self._task.args.items() if option not in OPTIONS}
        seen: dict[str, str] = {}
        reporter = StandstillReporter(options["no_progress_after"])
        while True:
            left = max(0.0, limit - (time.monotonic() - began))
            look = {
                **kubernetes,
                "name": name,
                "namespace": options["namespace"],
                "seen": seen,
                "seconds": min(LONGEST_LOOK, left),
                "poll_interval": options["poll_interval"],
                "log_lines": options["log_lines"],
            }
            result = self._call("_argo_workflow_watch", look, task_vars)
            for line in (result.get("lines") or []) + _report_standstill(result, reporter):
                self._print(line)
            if result.get("failed") or result["ended"] or left <= options["poll_interval"]:
                break
            seen = result["seen"]
        for node in result.get("failed_nodes") or []:
            for line in node["log"] or ["its pod is gone, and its log with it"]:
                self._print(f"{node['step']}: {line}")
        if not result.get("failed") and not result["ended"]:
            result.update(
                failed=True,
                last_observation=result["observation"],
                msg=f"Workflow {name} has not ended within {limit} seconds and continues ({result['observation']});"
                f" follow it again with name: {name}",
            )
        answer = {key: value for key, value in result.items() if key not in OF_THE_LOOP}
        outputs = result.get("outputs")
        changed = outputs is not None and outputs.get("result") not in options["unchanged_results"]
        return {**answer, "changed": changed}

    def _call(self, module: str, options: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(
            module_name=f"cosmogony.stack.{module}", module_args=dict(options), task_vars=task_vars
        )
        return result

    def _print(self, line: str) -> None:
        if not self._task.no_log:
            self._display.display(f"  {line}")


def _report_standstill(result: dict[str, Any], reporter: StandstillReporter) -> list[str]:
    """Return a line for each step without a change, with the time since the workflow was created."""
    created = (result.get("workflow") or {}).get("created")
    since = seconds_between(created, datetime.now(tz=UTC).isoformat())
    lines = reporter.report(result.get("active") or {}, time.monotonic())
    return [f"[{format_elapsed(since)}] {line}" for line in lines]
