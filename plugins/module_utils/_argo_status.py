# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""What a Workflow object of Argo says: its steps by readable names, its failures, its outputs."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FINAL_PHASES = frozenset({"Succeeded", "Failed", "Error"})
FAILED_PHASES = frozenset({"Failed", "Error"})
# A controller sees a new workflow within a second; one that waits for a restarted controller takes less than a minute.
PICK_UP_SECONDS = 60
# A controller with an instance id runs only workflows with this label:
# https://argo-workflows.readthedocs.io/en/release-3.7/scaling/#instance-id
INSTANCE_ID = "workflows.argoproj.io/controller-instanceid"
_EXPANDED = re.compile(r"^(?P<base>.*?)\(\d+(?::(?P<item>.*))?\)$", re.DOTALL)

Workflow = Mapping[str, Any]
Node = Mapping[str, Any]


def get_phase(workflow: Workflow) -> str:
    """Return the phase of the workflow, such as Running; Pending before Argo's controller has seen it."""
    return workflow.get("status", {}).get("phase") or "Pending"


def has_ended(workflow: Workflow) -> bool:
    """Return whether the workflow has ended, successfully or not."""
    return get_phase(workflow) in FINAL_PHASES


def seconds_between(start: str | None, end: str | None) -> int | None:
    """Return the seconds between two times of the API, at least 0; None while one of them is not known."""
    if not start or not end:
        return None
    return max(0, int((_parse_time(end) - _parse_time(start)).total_seconds()))


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def format_elapsed(seconds: float | None) -> str:
    """Return seconds as MM:SS, or H:MM:SS from an hour on; None as 00:00."""
    minutes, rest = divmod(max(0, int(seconds or 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def get_nodes(workflow: Workflow) -> dict[str, Node]:
    """Return the nodes of a workflow by their ids, unpacked where a large workflow has them compressed."""
    status = workflow.get("status", {})
    if status.get("nodes"):
        return dict(status["nodes"])
    if status.get("compressedNodes"):
        nodes: dict[str, Node] = json.loads(gzip.decompress(base64.b64decode(status["compressedNodes"])))
        return nodes
    return {}


def get_outputs(workflow: Workflow) -> dict[str, str]:
    """Return values of a workflow's output parameters by name: the global ones and those of the entry template."""
    found: dict[str, str] = {}
    root = get_nodes(workflow).get(workflow["metadata"]["name"], {})
    for holder in (root, workflow.get("status", {})):
        for parameter in (holder.get("outputs") or {}).get("parameters") or []:
            if "value" in parameter:
                found[parameter["name"]] = parameter["value"]
    return found


def summarize_workflow(workflow: Workflow) -> dict[str, Any]:
    """Return what modules report of a workflow: name, template, phase, progress, times, and duration in seconds."""
    metadata, status = workflow["metadata"], workflow.get("status", {})
    return {
        "name": metadata["name"],
        "namespace": metadata.get("namespace"),
        "template": get_template_name(workflow),
        "phase": get_phase(workflow),
        "message": status.get("message", ""),
        "progress": status.get("progress", ""),
        "created": metadata.get("creationTimestamp"),
        "started": status.get("startedAt"),
        "finished": status.get("finishedAt"),
        "duration": seconds_between(status.get("startedAt"), status.get("finishedAt")),
    }


def get_template_name(workflow: Workflow) -> str:
    """Return the name of the WorkflowTemplate that the workflow was submitted from; empty if there is none."""
    name: str = (workflow.get("spec", {}).get("workflowTemplateRef") or {}).get("name", "")
    return name


@dataclass(frozen=True, slots=True)
class Step:
    """One pod of a workflow.

    Attributes:
        id: Id of its node.
        label: Its name; in a loop with the item that it works on, ``fetch(batch 0)``.
        attempt: Number of the attempt, from 1.
        template: Name of its template, or of the WorkflowTemplate that has it.
        phase: Its phase.
        progress: ``DONE/TOTAL``, or empty.
        message: What Argo says about it.
        started: When it began, as the API writes times; None before that.
        finished: When it ended; None before that.
    """

    id: str
    label: str
    attempt: int
    template: str
    phase: str
    progress: str
    message: str
    started: str | None
    finished: str | None

    @property
    def state(self) -> str:
        """Phase, progress and message of the step as one text; a new line is printed when it changes."""
        return "|".join((self.phase, self.progress, self.message if self.phase != "Running" else ""))

    def describe(self) -> str:
        """Return one line about the step, such as ``fetch(batch 0) attempt 2 running 3/8``."""
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


class NodeTree:
    """The nodes of a workflow as a tree, in which pods and failures are found."""

    def __init__(self, workflow: Workflow) -> None:
        self.nodes = get_nodes(workflow)
        self.parents: dict[str, str] = {}
        for identifier, node in self.nodes.items():
            for child in node.get("children") or []:
                self.parents.setdefault(child, identifier)

    def list_steps(self) -> list[Step]:
        """Return a Step for each pod of the workflow, in the order in which they began."""
        pods = [identifier for identifier, node in self.nodes.items() if node.get("type") == "Pod"]
        pods.sort(key=lambda identifier: (self.nodes[identifier].get("startedAt") or "~", identifier))
        return [self._make_step(identifier) for identifier in pods]

    def list_failures(self) -> list[Step]:
        """Return a Step for each failed node without a failed one inside, oldest first; of retries the last attempt."""
        found = []
        for identifier, node in self.nodes.items():
            if node.get("phase") not in FAILED_PHASES or self._was_retried(identifier):
                continue
            if not any(self.nodes[child].get("phase") in FAILED_PHASES for child in self._list_below(identifier)):
                found.append(self._make_step(identifier))
        return sorted(found, key=lambda step: step.finished or "~")

    def _list_below(self, identifier: str) -> Iterator[str]:
        """Yield the ids of nodes inside a node. Its children include nodes that follow it, so the boundary decides."""
        node = self.nodes[identifier]
        if node.get("type") == "Retry":
            yield from (child for child in node.get("children") or [] if child in self.nodes)
            return
        if node.get("type") == "TaskGroup":
            prefix = node["name"] + "("
            yield from (child for child, other in self.nodes.items() if other.get("name", "").startswith(prefix))
            return
        for child, other in self.nodes.items():
            if other.get("boundaryID") == identifier and child != identifier:
                yield child

    def _was_retried(self, identifier: str) -> bool:
        parent = self.nodes.get(self.parents.get(identifier, ""), {})
        if parent.get("type") != "Retry":
            return False
        attempts = [child for child in parent.get("children") or [] if child in self.nodes]
        return parent.get("phase") not in FAILED_PHASES or attempts[-1] != identifier

    def _make_step(self, identifier: str) -> Step:
        node = self.nodes[identifier]
        parent = self.nodes.get(self.parents.get(identifier, ""), {})
        named, attempt = node, 1
        if parent.get("type") == "Retry":
            named, attempt = parent, _parse_attempt(node)
        label = _strip_item(named.get("displayName") or named.get("name", identifier))
        item = self._describe_item(identifier)
        return Step(
            id=identifier,
            label=f"{label}({item})" if item else label,
            attempt=attempt,
            template=(node.get("templateRef") or {}).get("name") or node.get("templateName", ""),
            phase=node.get("phase", "Pending"),
            progress=node.get("progress", ""),
            message=node.get("message", ""),
            started=node.get("startedAt"),
            finished=node.get("finishedAt"),
        )

    def _describe_item(self, identifier: str) -> str:
        """Return parameter and item that a step in a loop works on, such as ``batch 0``; empty outside of loops."""
        for node in self._list_boundaries(identifier):
            expanded = _EXPANDED.match(node.get("displayName", ""))
            if expanded is None or expanded["item"] is None:
                continue
            item = expanded["item"]
            parameters = (node.get("inputs") or {}).get("parameters") or []
            names = [parameter["name"] for parameter in parameters if parameter.get("value") == item]
            return " ".join([*names[:1], item])
        return ""

    def _list_boundaries(self, identifier: str) -> Iterator[Node]:
        while identifier in self.nodes:
            yield self.nodes[identifier]
            identifier = self.nodes[identifier].get("boundaryID", "")


def _parse_attempt(node: Node) -> int:
    number = re.search(r"\((\d+)\)$", node.get("name", ""))
    return int(number[1]) + 1 if number else 1


def _strip_item(display_name: str) -> str:
    expanded = _EXPANDED.match(display_name)
    return expanded["base"] if expanded else display_name


def describe_wait_reason(workflow: Workflow, now: str = "") -> str:
    """Return why a workflow has not begun, such as the lock that it waits for and its holder; empty once it has.

    Args:
        workflow: The workflow.
        now: The time in UTC, as the API writes it; blank takes that of the clock.
    """
    metadata, status = workflow["metadata"], workflow.get("status", {})
    if get_phase(workflow) != "Pending":
        return ""
    now = now or datetime.now(tz=UTC).isoformat()
    if not status.get("phase") and (seconds_between(metadata.get("creationTimestamp"), now) or 0) >= PICK_UP_SECONDS:
        instance = (metadata.get("labels") or {}).get(INSTANCE_ID)
        return (
            f"has not been seen by a workflow controller for {PICK_UP_SECONDS} s: check that one is ready, runs the"
            f" workflows of namespace {metadata.get('namespace')}, and has"
            f" {f'the instance id {instance}' if instance else 'no instance id'}"
        )
    for kind in ("mutex", "semaphore"):
        for lock in ((status.get("synchronization") or {}).get(kind) or {}).get("waiting") or []:
            holders = [lock["holder"]] if lock.get("holder") else lock.get("holders") or []
            return f"waits for lock {lock.get(kind, '')}, held by {', '.join(holders) or 'another workflow'}"
    message: str = status.get("message", "")
    return message


def list_changes(workflow: Workflow, seen: Mapping[str, str], now: str) -> tuple[list[str], dict[str, str]]:
    """Return a line for each step that changed since an earlier call, and the present state of each step.

    Args:
        workflow: The workflow.
        seen: State of each step by its id, as an earlier call returned it.
        now: The time in UTC, as the API writes it.

    Returns:
        A line for each change, with the time since the workflow was created, and the states of now.
    """
    created = workflow["metadata"].get("creationTimestamp")
    current: dict[str, str] = {}
    lines: list[tuple[int, str]] = []
    waiting = describe_wait_reason(workflow, now)
    current[""] = waiting
    if waiting and seen.get("") != waiting:
        lines.append((seconds_between(created, now) or 0, f"{workflow['metadata']['name']} {waiting}"))
    for step in NodeTree(workflow).list_steps():
        current[step.id] = step.state
        if seen.get(step.id) == step.state:
            continue
        at = step.finished if step.phase in FINAL_PHASES else None
        if at is None and step.id not in seen:
            at = step.started
        lines.append((seconds_between(created, at or now) or 0, step.describe()))
    lines.sort(key=lambda line: line[0])
    return [f"[{format_elapsed(seconds)}] {text}" for seconds, text in lines], current


def describe_active_steps(workflow: Workflow) -> dict[str, str]:
    """Return a line for each running step by its id; before the first step, what the workflow waits for."""
    waiting = describe_wait_reason(workflow)
    if waiting:
        return {"": f"{workflow['metadata']['name']} {waiting}"}
    return {step.id: step.describe() for step in NodeTree(workflow).list_steps() if step.phase not in FINAL_PHASES}


def describe_progress(workflow: Workflow) -> str:
    """Return one sentence about a workflow: its phase, its progress and its running steps."""
    parts = [f"phase {get_phase(workflow)}"]
    status = workflow.get("status", {})
    if status.get("progress"):
        parts.append(f"progress {status['progress']}")
    waiting = describe_wait_reason(workflow)
    if waiting:
        parts.append(waiting)
    active = [] if waiting else describe_active_steps(workflow).values()
    return ", ".join(parts) + (f"; running: {'; '.join(active)}" if active else "")
