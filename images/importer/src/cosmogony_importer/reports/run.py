# SPDX-License-Identifier: Apache-2.0
"""What Argo tells of the workflow that has ended."""

from __future__ import annotations

import argparse
import ast
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..errors import ImporterError

NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_ATTEMPT = re.compile(r"\(\d+\)$")
_OF_ARGO = ("retryStrategy.expression evaluated to false", "No more retries left")
NAMED = 20


@dataclass(frozen=True)
class Run:
    name: str
    status: str
    started: datetime | None = None
    seconds: float | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, options: argparse.Namespace) -> Run:
        return cls(
            checked(options.workflow),
            options.status,
            _time(options.started),
            _number(options.duration),
            _parameters(options.parameters),
            causes(_unquoted(options.failures)),
        )

    @property
    def succeeded(self) -> bool:
        return self.status == "Succeeded"

    @property
    def stamp(self) -> str:
        """What the id of its release begins with."""
        return f"{self.started.astimezone(UTC):%Y%m%dt%H%M%S}-" if self.started else ""

    def wanted(self, name: str) -> str | None:
        return self.parameters.get(name) or None


def checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ImporterError(f"--run {name!r} is not the name of a workflow, such as cosmogony-update-x7k2p")
    return name


def causes(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where it failed: attempts of steps whose last attempt failed, too, and nothing that only holds others.

    Argo tells names without their place, so attempts of the same step for several sources stay side by side.
    """
    failed = {str(node.get("displayName", "")) for node in nodes}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for node in sorted(nodes, key=lambda node: str(node.get("finishedAt") or "")):
        name, message = str(node.get("displayName", "")), str(node.get("message") or "")
        step = _ATTEMPT.sub("", name)
        if step == name or step not in failed or not message or message.startswith(_OF_ARGO):
            continue
        found[step, message] = {
            "step": step,
            "message": message,
            "pod": node.get("podName"),
            "finished": node.get("finishedAt"),
        }
    if not found:  # no pod ever ran
        for node in nodes:
            if node.get("message"):
                step = str(node.get("displayName", ""))
                found[step, str(node["message"])] = {"step": step, "message": str(node["message"])}
    return list(found.values())[:NAMED]


def _unquoted(text: str) -> list[dict[str, Any]]:
    """Argo gives the list as JSON inside a quoted text, in the way of Go, which is Python's but not JSON's."""
    value: Any = _given(text)
    for _ in range(2):
        if not isinstance(value, str) or not value:
            break
        try:
            value = json.loads(value)
        except ValueError:
            try:
                value = ast.literal_eval(value)
            except (ValueError, SyntaxError):
                return [{"displayName": "unknown", "message": text[:2000]}]
    return [node for node in value if isinstance(node, dict)] if isinstance(value, list) else []


def _given(text: str) -> str:
    """A variable that Argo does not know stays as it is written."""
    return "" if text.strip().startswith("{{") else text.strip()


def _parameters(text: str) -> dict[str, str]:
    try:
        listed = json.loads(_given(text) or "[]")
    except ValueError:
        return {}
    return {
        str(one["name"]): str(one.get("value") or "")
        for one in listed or []
        if isinstance(one, dict) and one.get("name")
    }


def _time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_given(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str) -> float | None:
    try:
        return round(float(_given(text)), 1)
    except ValueError:
        return None
