# SPDX-License-Identifier: Apache-2.0
"""Parse the variables that Argo passes to the exit handler of a workflow."""

from __future__ import annotations

import argparse
import ast
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cosmogony_steps import object_keys
from cosmogony_steps.documents import Failure

_ATTEMPT = re.compile(r"\(\d+\)$")
_EXECUTOR_MESSAGES = ("retryStrategy.expression evaluated to false", "No more retries left")
MAX_FAILURES = 20


@dataclass(frozen=True)
class EndedRun:
    """A workflow that has ended, as Argo describes it to its exit handler."""

    name: str
    status: str
    started: datetime | None = None
    seconds: float | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()

    @classmethod
    def from_options(cls, options: argparse.Namespace) -> EndedRun:
        """Parse the options of the command report.

        Raises:
            UsageError: the name is not that of a workflow.
        """
        return cls(
            object_keys.validate_run_name(options.workflow),
            options.status,
            _parse_time(options.started),
            _parse_number(options.duration),
            _parse_parameters(options.parameters),
            _find_failed_attempts(_parse_failures(options.failures)),
        )

    @property
    def has_succeeded(self) -> bool:
        """Whether the workflow succeeded."""
        return self.status == "Succeeded"

    @property
    def release_prefix(self) -> str:
        """How the id of a release that the run made begins; empty if the start of the run is unknown."""
        return f"{self.started.astimezone(UTC):%Y%m%dt%H%M%S}-" if self.started else ""

    def get_parameter(self, name: str) -> str | None:
        """Return the value of a parameter of the workflow; None if it is blank or not set."""
        return self.parameters.get(name) or None


def _find_failed_attempts(nodes: list[dict[str, Any]]) -> tuple[Failure, ...]:
    """Return the failed attempts of all steps that failed in the end, without nodes that only contain others.

    Names of nodes do not say to which source they belong, so attempts for several sources are all listed.

    Args:
        nodes: the failed nodes of the workflow, as Argo lists them.
    """
    failed = {str(node.get("displayName", "")) for node in nodes}
    found: dict[tuple[str, str], Failure] = {}
    for node in sorted(nodes, key=lambda node: str(node.get("finishedAt") or "")):
        name, message = str(node.get("displayName", "")), str(node.get("message") or "")
        step = _ATTEMPT.sub("", name)
        if step == name or step not in failed or not message or message.startswith(_EXECUTOR_MESSAGES):
            continue
        found[step, message] = Failure(
            step=step, message=message, pod=node.get("podName"), finished=node.get("finishedAt")
        )
    if not found:  # no step had a pod: report the nodes that contain others
        for node in nodes:
            if node.get("message"):
                step = str(node.get("displayName", ""))
                found[step, str(node["message"])] = Failure(step=step, message=str(node["message"]))
    return tuple(found.values())[:MAX_FAILURES]


def _parse_failures(text: str) -> list[dict[str, Any]]:
    """Parse the failed nodes. Argo may truncate the list, because it can be too long for an argument.

    Nodes that contain others may be missing then, so each attempt counts as one that failed for good.
    """
    text = _clear_unknown(text)
    nodes = _unquote(text)
    if nodes is not None:
        return nodes
    rest, quote = text, '"' if text.startswith('"') else ""
    while (end := rest.rfind("},{")) > 0:
        rest = rest[:end]
        nodes = _unquote(rest + "}]" + quote)
        if nodes is not None:
            return nodes + [{"displayName": _ATTEMPT.sub("", str(node.get("displayName", "")))} for node in nodes]
    return [{"displayName": "unknown", "message": text[:2000]}]


def _unquote(text: str) -> list[dict[str, Any]] | None:
    """Parse a list of JSON objects, which may be quoted as a JSON or Go string; None if it is neither."""
    value: Any = text
    for _ in range(2):
        if not isinstance(value, str) or not value:
            break
        try:
            value = json.loads(value)
        except ValueError:
            try:
                value = ast.literal_eval(value)
            except (ValueError, SyntaxError):
                return None
    return [node for node in value if isinstance(node, dict)] if isinstance(value, list) else []


def _clear_unknown(text: str) -> str:
    """Return the value of an Argo variable; empty if Argo did not replace it."""
    return "" if text.strip().startswith("{{") else text.strip()


def _parse_parameters(text: str) -> dict[str, str]:
    try:
        listed = json.loads(_clear_unknown(text) or "[]")
    except ValueError:
        return {}
    return {
        str(one["name"]): str(one.get("value") or "")
        for one in listed or []
        if isinstance(one, dict) and one.get("name")
    }


def _parse_time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_clear_unknown(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parse_number(text: str) -> float | None:
    try:
        return round(float(_clear_unknown(text)), 1)
    except ValueError:
        return None
