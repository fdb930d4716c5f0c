# SPDX-License-Identifier: Apache-2.0
"""Action plugin of argo_workflow: prints what happens while the workflow runs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_follow import WAIT_TIMEOUT
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_silence import Silence
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_status import elapsed, seconds_between

HOLD = 20  # seconds one look may take when nothing happens
NO_PROGRESS_AFTER = 300  # the default of the module


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Submits through the module, then lets it look again and again, and prints its lines."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task; return what the module returns, with every line that was printed."""
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        wait = boolean(arguments.get("wait", True), strict=False)
        if not wait or self._task.check_mode or arguments.get("hold") is not None:
            return self._module(arguments, task_vars)
        began = time.monotonic()
        submitted: dict[str, Any] = {}
        if not arguments.get("name"):
            submitted = self._module({**arguments, "wait": False}, task_vars)
            if submitted.get("failed"):
                return submitted
            name = (submitted.get("workflow") or {}).get("name") or submitted["running"][0]
            self._say(f"{name} {'submitted' if submitted.get('workflow') else 'is running and is followed'}")
            arguments = {**arguments, "name": name}
            arguments.pop("template", None)
        result = self._follow(arguments, began, task_vars)
        if submitted.get("running"):
            result["running"] = submitted["running"]
        return result

    def _follow(self, arguments: dict[str, Any], began: float, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        limit = arguments.get("wait_timeout")
        limit = WAIT_TIMEOUT if limit is None else limit
        seen: dict[str, str] = {}
        lines: list[str] = []
        quiet = arguments.get("no_progress_after")
        silence = Silence(NO_PROGRESS_AFTER if quiet is None else float(quiet))
        while True:
            left = max(0, int(float(limit) - (time.monotonic() - began)))
            look = {**arguments, "wait_timeout": left, "hold": min(HOLD, left), "seen": seen}
            result = self._module(look, task_vars)
            news = (result.get("lines") or []) + _standing_still(result, silence)
            for line in news:
                self._say(line)
            lines += news
            if result.get("failed") or result.get("ended"):
                break
            seen = result.get("seen") or {}
        if result.get("last_observation"):
            result["msg"] = result["msg"].replace(f"within {look['wait_timeout']} seconds", f"within {limit} seconds")
        result.pop("seen", None)
        result.pop("at_work", None)
        return {**result, "lines": lines}

    def _module(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(
            module_name="cosmogony.stack.argo_workflow", module_args=arguments, task_vars=task_vars
        )
        return result

    def _say(self, line: str) -> None:
        if not self._task.no_log:
            self._display.display(f"  {line}")


def _standing_still(result: dict[str, Any], silence: Silence) -> list[str]:
    """Lines on steps that have not moved, with the time since the workflow began."""
    created = (result.get("workflow") or {}).get("created")
    since = seconds_between(created, datetime.now(tz=UTC).isoformat())
    return [f"[{elapsed(since)}] {line}" for line in silence.lines(result.get("at_work") or {}, time.monotonic())]
