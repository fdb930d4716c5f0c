# SPDX-License-Identifier: Apache-2.0
"""The cluster as the tests see it: workflows and their steps, pods and their processes, settings."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_client import ArgoClient, make_manifest
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_status import (
    NodeTree,
    Step,
    describe_wait_reason,
    get_nodes,
    get_outputs,
    has_ended,
    summarize_workflow,
)
from kubernetes.client.exceptions import ApiException
from waiting import wait_for

from .settings import Settings

GROUP = ("argoproj.io", "v1alpha1")
SETTINGS = "cosmogony-settings"
DOCUMENT = "settings.json"
UPDATE = "cosmogony-update"


class Cluster:
    """Both namespaces of the scenario."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.namespace = settings.namespace
        api = kubernetes.config.new_client_from_config(settings.kubeconfig)
        self.core = kubernetes.client.CoreV1Api(api)
        self.apps = kubernetes.client.AppsV1Api(api)
        self.custom = kubernetes.client.CustomObjectsApi(api)
        self.argo = ArgoClient(self.custom, self.core, self.namespace)

    # workflows

    def submit(self, template: str, **parameters: str) -> str:
        """Start a workflow of a template; returns its name."""
        labels = {"app.kubernetes.io/part-of": "cosmogony"}
        body = make_manifest(template, self.namespace, parameters, parallelism=2, labels=labels)
        return self.argo.submit_workflow(body)["metadata"]["name"]

    def workflows(self) -> list[dict[str, Any]]:
        items = self.custom.list_namespaced_custom_object(*GROUP, self.namespace, "workflows")["items"]
        return sorted(items, key=lambda item: item["metadata"]["creationTimestamp"])

    def ended(self, name: str, *, limit: float = 300) -> dict[str, Any]:
        """The workflow once it has ended."""

        def look() -> dict[str, Any] | None:
            workflow = self.argo.get_workflow(name)
            state.update(summarize_workflow(workflow))
            return workflow if has_ended(workflow) else None

        state: dict[str, Any] = {}
        return wait_for(look, f"end of {name} ({state})", limit=limit, interval=0.5)

    def run(self, template: str, *, limit: float = 300, **parameters: str) -> dict[str, Any]:
        return self.ended(self.submit(template, **parameters), limit=limit)

    def steps(self, workflow: str) -> list[Step]:
        return NodeTree(self.argo.get_workflow(workflow)).list_steps()

    def nodes(self, workflow: str) -> list[dict[str, Any]]:
        return list(get_nodes(self.argo.get_workflow(workflow)).values())

    def waits_for(self, workflow: str) -> str:
        return describe_wait_reason(self.argo.get_workflow(workflow))

    def step(self, workflow: str, label: str, test: Callable[[Step], bool], *, limit: float = 180) -> Step:
        """The last attempt of the step whose label begins so, once the test is true of it."""

        def look() -> Step | None:
            now = self.argo.get_workflow(workflow)
            found = [step for step in NodeTree(now).list_steps() if step.label.startswith(label)]
            if found and test(found[-1]):
                return found[-1]
            if has_ended(now):
                raise RuntimeError(f"{workflow} ended before step {label} was as wanted: {summarize_workflow(now)}")
            return None

        return wait_for(look, f"step {label} of {workflow}", limit=limit)

    def running(self, workflow: str, label: str) -> Step:
        return self.step(workflow, label, lambda step: step.phase == "Running")

    def attempts(self, workflow: str, label: str) -> list[Step]:
        return [step for step in self.steps(workflow) if step.label.startswith(label)]

    def outputs(self, workflow: dict[str, Any]) -> dict[str, str]:
        return get_outputs(workflow)

    def terminate(self, workflow: str) -> None:
        self.custom.patch_namespaced_custom_object(
            *GROUP, self.namespace, "workflows", workflow, {"spec": {"shutdown": "Terminate"}}
        )

    def clean_knows_the_store(self) -> bool:
        (main,) = (t for t in self.argo.get_template("cosmogony-clean")["spec"]["templates"] if t["name"] == "main")
        return any(variable["name"] == "S3_ACCESS_KEY" for variable in main["container"]["env"])

    # pods

    def pod_of(self, workflow: str, step: Step) -> Any:
        selector = f"workflows.argoproj.io/workflow={workflow}"
        for pod in self.core.list_namespaced_pod(self.namespace, label_selector=selector).items:
            if (pod.metadata.annotations or {}).get("workflows.argoproj.io/node-id") == step.id:
                return pod
        raise LookupError(f"{step.label} of {workflow} has no pod")

    def log_of(self, workflow: str, step: Step) -> str:
        """What a step has written so far."""
        return "\n".join(self.argo.read_last_log_lines(workflow, step.id, 200))

    def kill_pod(self, name: str, namespace: str | None = None) -> None:
        """Delete a pod without grace, and see it go: from the API, and its processes from this machine."""
        where = namespace or self.namespace
        uid = self.core.read_namespaced_pod(name, where).metadata.uid
        self.core.delete_namespaced_pod(name, where, grace_period_seconds=0)

        def gone() -> bool:
            try:
                return self.core.read_namespaced_pod(name, where).metadata.uid != uid
            except ApiException as error:
                if error.status == 404:
                    return True
                raise

        wait_for(gone, f"end of pod {name}", limit=60)
        wait_for(lambda: not self._pids(uid), f"end of the processes of pod {name}", limit=60)

    def processes(self, pod: Any, program: str) -> list[int]:
        """Processes of this machine that belong to a pod and run a program; the first process comes first."""
        pids = self._pids(pod.metadata.uid, program)
        return sorted(pids, key=pids.__getitem__)

    def _pids(self, uid: str, program: str = "") -> dict[int, int]:
        """Processes of the pod with that uid, by their number here, with the one they have inside.

        They see its volumes; so do the processes of the node, which have but one number.
        """
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if program and (folder / "comm").read_text().strip() != program:
                    continue
                if f"pods/{uid}/" not in (folder / "mountinfo").read_text():
                    continue
                status = (folder / "status").read_text().splitlines()
                numbers = next(line for line in status if line.startswith("NSpid")).split()[1:]
                if len(numbers) > 1:
                    found[int(folder.name)] = int(numbers[-1])
        return found

    @contextlib.contextmanager
    def frozen(self, pod: Any, program: str) -> Iterator[int]:
        """Let the first process of a pod stop while the block runs; it may be killed in it."""
        pids = self.processes(pod, program)
        assert pids, f"pod {pod.metadata.name} has no process {program} on this machine"
        os.kill(pids[0], signal.SIGSTOP)
        try:
            yield pids[0]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[0], signal.SIGCONT)

    # settings

    @contextlib.contextmanager
    def setting(self, **sections: Any) -> Iterator[dict[str, Any]]:
        """Change what the steps read while the block runs; gives what they read before."""
        text = self.core.read_namespaced_config_map(SETTINGS, self.namespace).data[DOCUMENT]
        before = json.loads(text)
        changed = {**before, **{name: {**before[name], **section} for name, section in sections.items()}}
        self._write_settings(json.dumps(changed))
        try:
            yield before
        finally:
            self._write_settings(text)

    def _write_settings(self, text: str) -> None:
        self.core.patch_namespaced_config_map(SETTINGS, self.namespace, {"data": {DOCUMENT: text}})

    def read_settings(self) -> dict[str, Any]:
        return json.loads(self.core.read_namespaced_config_map(SETTINGS, self.namespace).data[DOCUMENT])

    @contextlib.contextmanager
    def step_changed(self, step: str, change: Callable[[dict[str, Any]], None]) -> Iterator[None]:
        """Let updates that begin in the block run a step with other limits."""
        before = self.argo.get_template(UPDATE)["spec"]["templates"]
        changed = copy.deepcopy(before)
        change(next(template for template in changed if template["name"] == step))
        self._write_templates(changed)
        try:
            yield
        finally:
            self._write_templates(before)

    def _write_templates(self, templates: list[dict[str, Any]]) -> None:
        self.custom.patch_namespaced_custom_object(
            *GROUP, self.namespace, "workflowtemplates", UPDATE, {"spec": {"templates": templates}}
        )
