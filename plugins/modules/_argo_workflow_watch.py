#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: waits for the next change of a workflow, for the action plugin argo_workflow."""

from __future__ import annotations

DOCUMENTATION = r"""
module: _argo_workflow_watch
short_description: Wait for the next change of a workflow
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Private to M(cosmogony.stack.argo_workflow), whose action plugin prints lines between two calls of this module. Its
    options and return values may change in any release.
options:
  name:
    description: Name of the workflow.
    type: str
    required: true
  namespace:
    description: Namespace of the workflow.
    type: str
    required: true
  seen:
    description: RV(seen) of the call before.
    type: dict
    default: {}
  seconds:
    description: Longest time to wait for a change.
    type: float
    required: true
  poll_interval:
    description: Seconds between two questions to the API.
    type: int
    required: true
  log_lines:
    description: How many of the last log lines of a failed step are returned.
    type: int
    required: true
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.info_module
  - cosmogony.stack.attributes.action_group
requirements:
  - kubernetes >= 24.2.0 (Python)
  - kubernetes.core >= 6.2.0 (collection)
"""

EXAMPLES = r"""
- name: Wait up to 20 seconds for a change
  cosmogony.stack._argo_workflow_watch:
    name: cosmogony-update-7x2kq
    namespace: cosmogony
    seconds: 20
    poll_interval: 2
    log_lines: 20
"""

RETURN = r"""
workflow:
  description: The workflow, see M(cosmogony.stack.argo_workflow).
  returned: success
  type: dict
  sample: {name: cosmogony-update-7x2kq, phase: Running, progress: 3/9}
outputs:
  description: Its output parameters.
  returned: success
  type: dict
  sample: {}
ended:
  description: Whether it has ended.
  returned: success
  type: bool
  sample: false
observation:
  description: Its phase, progress and running steps in one sentence.
  returned: success
  type: str
  sample: "phase Running, progress 3/9; running: extract(batch 0) running 3/9"
lines:
  description: A line for each change since O(seen).
  returned: success
  type: list
  elements: str
  sample: ["[00:41] extract(batch 0) running 3/9"]
seen:
  description: The states of its steps, for the next call.
  returned: success
  type: dict
  sample: {toy-1-12345: "Running|3/9|"}
active:
  description: A line for each step that has not ended, by its id.
  returned: success
  type: dict
  sample: {toy-1-12345: extract(batch 0) running 3/9}
failed_nodes:
  description: The failed steps, see M(cosmogony.stack.argo_workflow).
  returned: when it has failed
  type: list
  elements: dict
  sample: []
msg:
  description: Why it failed.
  returned: when it has failed
  type: str
  sample: "Workflow toy-1 failed: fetch: Error (exit code 1)"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._argo_client import ArgoClient
from ..module_utils._argo_follow import wait_for_change
from ..module_utils._argo_status import (
    FAILED_PHASES,
    NodeTree,
    describe_active_steps,
    describe_progress,
    get_outputs,
    get_phase,
    has_ended,
    summarize_workflow,
)
from ..module_utils._kubernetes_api import ApiError, connect, make_argument_spec

OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "seen": {"type": "dict", "default": {}},
    "seconds": {"type": "float", "required": True},
    "poll_interval": {"type": "int", "required": True},
    "log_lines": {"type": "int", "required": True},
}


def wait_for_observation(params: dict[str, Any], client: ArgoClient) -> dict[str, Any]:
    """Wait for a change of the workflow and return the module's result, with ``failed`` when the workflow failed.

    Raises:
        ApiError: The API refuses or does not answer.
    """
    workflow, lines, seen = wait_for_change(
        lambda: client.get_workflow(params["name"]),
        params["seen"],
        interval=params["poll_interval"],
        seconds=params["seconds"],
    )
    results = {
        "workflow": summarize_workflow(workflow),
        "outputs": get_outputs(workflow),
        "ended": has_ended(workflow),
        "observation": describe_progress(workflow),
        "lines": lines,
        "seen": seen,
        "active": describe_active_steps(workflow),
    }
    if get_phase(workflow) in FAILED_PHASES:
        results.update(describe_failure(workflow, client, params["log_lines"]))
    return results


def describe_failure(workflow: dict[str, Any], client: ArgoClient, log_lines: int) -> dict[str, Any]:
    """Return ``failed``, ``failed_nodes`` and ``msg`` for the module's result: which steps failed, and why."""
    name = workflow["metadata"]["name"]
    failed = [
        {
            "step": step.label,
            "template": step.template,
            "phase": step.phase,
            "message": step.message,
            "log": client.read_last_log_lines(name, step.id, log_lines),
        }
        for step in NodeTree(workflow).list_failures()
    ]
    where = "; ".join(describe_failed_step(node) for node in failed)
    text = where or workflow.get("status", {}).get("message") or "no step says why"
    return {"failed": True, "failed_nodes": failed, "msg": f"Workflow {name} {get_phase(workflow).lower()}: {text}"}


def describe_failed_step(node: dict[str, Any]) -> str:
    """Return one line about a failed step: its name, its message and the last line of its log."""
    words = [node["step"], node["message"].removeprefix("main: ") or node["phase"]]
    # A step that writes its error to the termination log has it in the message: "main: Error (exit code 1): CAUSE".
    cause = node["message"].partition("): ")[2]
    last = [line for line in node["log"][-1:] if not cause or cause not in line]
    return ": ".join(words + last)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=make_argument_spec(**OPTIONS), supports_check_mode=True)
    client = ArgoClient.from_api(connect(module), module.params["namespace"])
    try:
        results = wait_for_observation(module.params, client)
    except ApiError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**results)


if __name__ == "__main__":
    main()
