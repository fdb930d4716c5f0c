# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Reading of an Argo Workflow object: its steps as people name them, its failures, its outputs."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ENDED = frozenset({"Succeeded", "Failed", "Error"})
BROKEN = frozenset({"Failed", "Error"})
_EXPANDED = re.compile(r"^(?P<base>.*?)\(\d+(?::(?P<item>.*))?\)$", re.DOTALL)

Workflow = Mapping[str, Any]
Node = Mapping[str, Any]


def phase(workflow: Workflow) -> str:
    """Return the phase of the workflow; one that the controller has not seen yet is Pending."""
    return workflow.get("status", {}).get("phase") or "Pending"


def ended(workflow: Workflow) -> bool:
    """Return whether the workflow has ended, well or not."""
    return phase(workflow) in ENDED


def seconds_between(start: str | None, end: str | None) -> int | None:
    """Return the seconds from one time of the API to another, at least 0; None while one of them is open."""
    if not start or not end:
        return None
    return max(0, int((_time(end) - _time(start)).total_seconds()))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def elapsed(seconds: float | None) -> str:
    """Return seconds as MM:SS, or H:MM:SS from an hour on."""
    minutes, rest = divmod(max(0, int(seconds or 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def nodes_of(workflow: Workflow) -> dict[str, Node]:
    """Return the nodes by id; large workflows hold them compressed."""
    status = workflow.get("status", {})
    if status.get("nodes"):
        return dict(status["nodes"])
    if status.get("compressedNodes"):
        nodes: dict[str, Node] = json.loads(gzip.decompress(base64.b64decode(status["compressedNodes"])))
        return nodes
    return {}


def outputs(workflow: Workflow) -> dict[str, str]:
    """Return the output parameters: the global ones, and those of the entry template."""
    found: dict[str, str] = {}
    root = nodes_of(workflow).get(workflow["metadata"]["name"], {})
    for holder in (root, workflow.get("status", {})):
        for parameter in (holder.get("outputs") or {}).get("parameters") or []:
            if "value" in parameter:
                found[parameter["name"]] = parameter["value"]
    return found


def summary(workflow: Workflow) -> dict[str, Any]:
    """Return what the module returns as ``workflow``."""
    metadata, status = workflow["metadata"], workflow.get("status", {})
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace"),
        "template": template_of(workflow),
        "phase": phase(workflow),
        "message": status.get("message", ""),
        "progress": status.get("progress", ""),
        "created": metadata.get("creationTimestamp"),
        "started": status.get("startedAt"),
        "finished": status.get("finishedAt"),
        "duration": seconds_between(status.get("startedAt"), status.get("finishedAt")),
    }


def template_of(workflow: Workflow) -> str:
    """Return the name of the WorkflowTemplate that the workflow was submitted from; empty for any other."""
    name: str = (workflow.get("spec", {}).get("workflowTemplateRef") or {}).get("name", "")
    return name


@dataclass(frozen=True, slots=True)
class Step:
    """One pod of a workflow, as people name it."""

    id: str
    label: str
    attempt: int  # from 1
    template: str
    phase: str
    progress: str
    message: str
    started: str | None
    finished: str | None

    @property
    def state(self) -> str:
        """What must differ for a new line."""
        return "|".join((self.phase, self.progress, self.message if self.phase != "Running" else ""))

    def text(self) -> str:
        """Return the step as one line: its name, its attempt, its phase, how far it is, what is wrong."""
        words = [self.label]
        if self.attempt > 1:
            words.append(f"attempt {self.attempt}")
        words.append(self.phase.lower())
        done, _slash, total = self.progress.partition("/")
        if self.phase == "Running" and total not in ("", "1"):
            words.append(f"{done}/{total}")
        if self.phase == "Succeeded":
            words.append(f"in {seconds_between(self.started, self.finished) or 0} s")
        text = " ".join(words)
        return f"{text}: {self.message}" if self.message and self.phase not in ("Running", "Succeeded") else text


class Tree:
    """The nodes of a workflow and how they hang together."""

    def __init__(self, workflow: Workflow) -> None:
        self.nodes = nodes_of(workflow)
        self.parents: dict[str, str] = {}
        for identifier, node in self.nodes.items():
            for child in node.get("children") or []:
                self.parents.setdefault(child, identifier)

    def steps(self) -> list[Step]:
        """Return every pod, in the order in which they began."""
        pods = [identifier for identifier, node in self.nodes.items() if node.get("type") == "Pod"]
        return [self._step(i) for i in sorted(pods, key=lambda i: (self.nodes[i].get("startedAt") or "~", i))]

    def failures(self) -> list[Step]:
        """Return where the failure began: failed nodes with none below them, of retried ones the last attempt."""
        found = []
        for identifier, node in self.nodes.items():
            if node.get("phase") not in BROKEN or self._was_retried(identifier):
                continue
            if not any(self.nodes[child].get("phase") in BROKEN for child in self._below(identifier)):
                found.append(self._step(identifier))
        return sorted(found, key=lambda step: step.finished or "~")

    def _below(self, identifier: str) -> Iterator[str]:
        """Nodes that belong to this one. `children` also lists what merely follows, so the boundary decides."""
        node = self.nodes[identifier]
        if node.get("type") == "Retry":
            yield from (child for child in node.get("children") or [] if child in self.nodes)
            return
        if node.get("type") == "TaskGroup":
            prefix = node["name"] + "("
            yield from (i for i, other in self.nodes.items() if other.get("name", "").startswith(prefix))
            return
        for child, other in self.nodes.items():
            if other.get("boundaryID") == identifier and child != identifier:
                yield child

    def _was_retried(self, identifier: str) -> bool:
        parent = self.nodes.get(self.parents.get(identifier, ""), {})
        if parent.get("type") != "Retry":
            return False
        attempts = [child for child in parent.get("children") or [] if child in self.nodes]
        return parent.get("phase") not in BROKEN or attempts[-1] != identifier

    def _step(self, identifier: str) -> Step:
        node = self.nodes[identifier]
        parent = self.nodes.get(self.parents.get(identifier, ""), {})
        named, attempt = node, 1
        if parent.get("type") == "Retry":
            named, attempt = parent, _attempt(node)
        label = _base(named.get("displayName") or named.get("name", identifier))
        subject = self._subject(identifier)
        return Step(
            id=identifier,
            label=f"{label}({subject})" if subject else label,
            attempt=attempt,
            template=(node.get("templateRef") or {}).get("name") or node.get("templateName", ""),
            phase=node.get("phase", "Pending"),
            progress=node.get("progress", ""),
            message=node.get("message", ""),
            started=node.get("startedAt"),
            finished=node.get("finishedAt"),
        )

    def _subject(self, identifier: str) -> str:
        """What a step inside a loop works on: the item's name, else the item itself."""
        for node in self._boundaries(identifier):
            expanded = _EXPANDED.match(node.get("displayName", ""))
            if expanded is None or expanded["item"] is None:
                continue
            return _item_name(node) or expanded["item"]
        return ""

    def _boundaries(self, identifier: str) -> Iterator[Node]:
        seen: set[str] = set()
        while identifier in self.nodes and identifier not in seen:
            seen.add(identifier)
            yield self.nodes[identifier]
            identifier = self.nodes[identifier].get("boundaryID", "")


def _attempt(node: Node) -> int:
    number = re.search(r"\((\d+)\)$", node.get("name", ""))
    return int(number[1]) + 1 if number else 1


def _base(display_name: str) -> str:
    expanded = _EXPANDED.match(display_name)
    return expanded["base"] if expanded else display_name


def _item_name(node: Node) -> str:
    for parameter in (node.get("inputs") or {}).get("parameters") or []:
        value = parameter.get("value")
        if not isinstance(value, str) or not value.startswith("{"):
            continue
        try:
            name = json.loads(value).get("name")
        except ValueError:
            continue
        if isinstance(name, str) and name:
            return name.removesuffix(".pbf").removesuffix(".osm")
    return ""


def waiting_for(workflow: Workflow) -> str:
    """Return why a workflow has not begun: the lock it waits for and who holds it."""
    status = workflow.get("status", {})
    if phase(workflow) != "Pending":
        return ""
    for kind in ("mutex", "semaphore"):
        for lock in ((status.get("synchronization") or {}).get(kind) or {}).get("waiting") or []:
            holders = [lock["holder"]] if lock.get("holder") else lock.get("holders") or []
            return f"waits for lock {lock.get(kind, '')}, held by {', '.join(holders) or 'another workflow'}"
    message: str = status.get("message", "")
    return message


def news(workflow: Workflow, seen: Mapping[str, str], now: str) -> tuple[list[str], dict[str, str]]:
    """Return lines for what changed since ``seen``, and what has been seen now (the state of each step by its id)."""
    created = workflow["metadata"].get("creationTimestamp")
    current: dict[str, str] = {}
    lines: list[tuple[int, str]] = []
    waiting = waiting_for(workflow)
    current[""] = waiting
    if waiting and seen.get("") != waiting:
        lines.append((seconds_between(created, now) or 0, f"{workflow['metadata']['name']} {waiting}"))
    for step in Tree(workflow).steps():
        current[step.id] = step.state
        if seen.get(step.id) == step.state:
            continue
        at = step.finished if step.phase in ENDED else None
        if at is None and step.id not in seen:
            at = step.started
        lines.append((seconds_between(created, at or now) or 0, step.text()))
    lines.sort(key=lambda line: line[0])
    return [f"[{elapsed(seconds)}] {text}" for seconds, text in lines], current


def at_work(workflow: Workflow) -> dict[str, str]:
    """Return what has not ended, by id, each as one line: the steps, or what the workflow waits for before them."""
    waiting = waiting_for(workflow)
    if waiting:
        return {"": f"{workflow['metadata']['name']} {waiting}"}
    return {step.id: step.text() for step in Tree(workflow).steps() if step.phase not in ENDED}


def last_observation(workflow: Workflow) -> str:
    """Return one sentence on where a workflow stands."""
    parts = [f"phase {phase(workflow)}"]
    status = workflow.get("status", {})
    if status.get("progress"):
        parts.append(f"progress {status['progress']}")
    waiting = waiting_for(workflow)
    if waiting:
        parts.append(waiting)
    going = [] if waiting else at_work(workflow).values()
    return ", ".join(parts) + (f"; at work: {'; '.join(going)}" if going else "")
