#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: runs a WorkflowTemplate of Argo Workflows and follows it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: argo_workflow
short_description: Run a workflow template of Argo Workflows and follow it
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Submits a Workflow from a WorkflowTemplate, follows it until it has ended, and returns its output parameters.
  - While it runs, one line is printed for everything that happens, with the time since the start and the progress
    of long steps. A step whose progress and phase have not moved for O(no_progress_after) is named, too.
  - When it fails, the failed steps are returned with their messages and their last log lines.
  - Needs Argo Workflows 3.6 or newer and the rights to get C(workflowtemplates), to create, get and list C(workflows),
    to list C(pods) and to get C(pods/log).
options:
  template:
    description:
      - Name of the WorkflowTemplate.
      - Needed unless O(name) is given.
    type: str
  name:
    description:
      - Name of a workflow that is to be followed; nothing is submitted.
    type: str
  namespace:
    description:
      - Namespace of the template and of its workflows.
    type: str
    default: cosmogony
  parameters:
    description:
      - Parameters of the workflow. Lists and dictionaries are written as JSON, booleans as C(true) and C(false).
      - Blank ones are left out, so that the template's default applies.
      - A parameter that the template does not know is refused.
    type: dict
    default: {}
  parallelism:
    description:
      - How many pods of the workflow run at the same time.
    type: int
  labels:
    description:
      - Further labels of the workflow.
    type: dict
    default: {}
  when_running:
    description:
      - What to do when a workflow of the same template has not ended.
      - V(refuse) fails and names it.
      - V(follow) follows it instead of submitting another one.
      - V(submit) submits one more; locks of the template decide when it begins.
    type: str
    choices: [refuse, follow, submit]
    default: refuse
  wait:
    description:
      - Whether to follow the workflow until it has ended.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to follow it at most. The workflow continues when they are over; the task fails with what was last seen.
    type: int
    default: 86400
  poll_interval:
    description:
      - Seconds between two looks.
    type: int
    default: 2
  no_progress_after:
    description:
      - Seconds after which a step that has not moved is named, live. It is said again each time it has stood still
        for twice as long, at least every hour.
      - V(0) says nothing.
    type: int
    default: 300
  log_lines:
    description:
      - How many of the last log lines of a failed step are returned.
    type: int
    default: 20
  unchanged_results:
    description:
      - Values of the output parameter C(result) with which the task counts as unchanged.
    type: list
    elements: str
    default: [current]
  hold:
    description:
      - Return after this many seconds, or as soon as there is something new since O(seen), even if the workflow
        has not ended.
      - The action plugin of this module uses it to print lines while it waits.
    type: int
  seen:
    description:
      - What an earlier look returned as RV(seen).
    type: dict
    default: {}
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Submits nothing, and says whether the template exists.
  diff_mode:
    support: none
    details: There is nothing to compare.
  idempotent:
    support: none
    details: Each run submits a workflow, which decides what it changes.
requirements:
  - kubernetes >= 24.2.0 (Python)
  - kubernetes.core >= 6.2.0 (collection)
seealso:
  - name: Argo Workflows
    description: Documentation of workflow templates.
    link: https://argo-workflows.readthedocs.io/en/release-3.7/workflow-templates/
"""

EXAMPLES = r"""
- name: Update the data, two sources at a time
  cosmogony.stack.argo_workflow:
    template: cosmogony-update
    namespace: cosmogony
    parallelism: 2
    wait_timeout: 86400
  register: update

- name: Show the outcome
  ansible.builtin.debug:
    msg: "{{ update.outputs.result }}: {{ update.outputs.release }}"

- name: Continue to follow an update that was started elsewhere
  cosmogony.stack.argo_workflow:
    name: cosmogony-update-7x2kq

- name: Start a rollback and do not wait for it
  cosmogony.stack.argo_workflow:
    template: cosmogony-rollback
    parameters:
      to: 20261122t221000-3f9ab2c1
    wait: false
"""

RETURN = r"""
workflow:
  description: The workflow as it was last seen.
  returned: when one was submitted or followed
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
      sample: cosmogony-update-7x2kq
    namespace:
      description: Its namespace.
      type: str
      returned: always
      sample: cosmogony
    template:
      description: The WorkflowTemplate that it was submitted from; empty for another kind of workflow.
      type: str
      returned: always
      sample: cosmogony-update
    phase:
      description: Its phase. One that the controller has not seen yet is C(Pending).
      type: str
      returned: always
      sample: Succeeded
    message:
      description: What the controller says about it.
      type: str
      returned: always
      sample: ""
    progress:
      description: Steps that have ended, and steps that are known.
      type: str
      returned: always
      sample: 9/9
    created:
      description: When it was submitted, in UTC.
      type: str
      returned: always
      sample: "2026-11-22T22:10:00Z"
    started:
      description: When its first step began; null before that.
      type: str
      returned: always
      sample: "2026-11-22T22:10:00Z"
    finished:
      description: When it ended; null before that.
      type: str
      returned: always
      sample: "2026-11-22T22:11:09Z"
    duration:
      description: Seconds from its start to its end; null before that.
      type: int
      returned: always
      sample: 69
outputs:
  description: Output parameters of the workflow.
  returned: when one was submitted or followed
  type: dict
  sample: {result: published, release: 20261122t221000-3f9ab2c1}
failed_nodes:
  description: Where the failure began, each with the last lines of its log.
  returned: when the workflow failed
  type: list
  elements: dict
  contains:
    step:
      description: The step; in a loop with the item that it worked on.
      type: str
      returned: always
      sample: fetch(0)
    template:
      description: The template of the step; of a step that is in another WorkflowTemplate the name of that one.
      type: str
      returned: always
      sample: fetch
    phase:
      description: C(Failed) or C(Error).
      type: str
      returned: always
      sample: Failed
    message:
      description: What Argo says about it.
      type: str
      returned: always
      sample: "main: Error (exit code 1)"
    log:
      description: The last lines of its log, at most O(log_lines); empty when its pod is gone.
      type: list
      elements: str
      returned: always
      sample: ["error: source liechtenstein-latest.osm.pbf: HTTP 404 Not Found"]
last_observation:
  description: Where the workflow stood when the time was over.
  returned: when O(wait_timeout) was over
  type: str
  sample: "phase Running, progress 3/9; at work: extract(0) running 3/9"
running:
  description: Names of workflows of the same template that have not ended.
  returned: when there are any
  type: list
  elements: str
lines:
  description: What happened since O(seen), one line each.
  returned: when a workflow was followed
  type: list
  elements: str
seen:
  description: What was seen, for the next look.
  returned: when a workflow was followed
  type: dict
at_work:
  description: What has not ended, one line each, by the id of the step.
  returned: when a workflow was followed with O(hold)
  type: dict
ended:
  description: Whether the workflow has ended.
  returned: when one was submitted or followed
  type: bool
"""

import copy
import importlib
import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_client import (
    ArgoClient,
    ArgoError,
    check_parameters,
    parameter_texts,
    submission,
)
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_follow import WAIT_TIMEOUT, Observation, follow
from ansible_collections.cosmogony.stack.plugins.module_utils._argo_status import (
    BROKEN,
    Tree,
    at_work,
    ended,
    last_observation,
    outputs,
    phase,
    summary,
)
from ansible_collections.cosmogony.stack.plugins.module_utils._kubernetes_api import UnreachableError, connect
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC


def argument_spec() -> dict[str, Any]:
    """Return the options of the module, with those that kubernetes.core's modules share."""
    spec: dict[str, Any] = copy.deepcopy(AUTH_ARG_SPEC)
    spec.update(
        template={"type": "str"},
        name={"type": "str"},
        namespace={"type": "str", "default": "cosmogony"},
        parameters={"type": "dict", "default": {}},
        parallelism={"type": "int"},
        labels={"type": "dict", "default": {}},
        when_running={"type": "str", "choices": ["refuse", "follow", "submit"], "default": "refuse"},
        wait={"type": "bool", "default": True},
        wait_timeout={"type": "int", "default": WAIT_TIMEOUT},
        poll_interval={"type": "int", "default": 2},
        no_progress_after={"type": "int", "default": 300},
        log_lines={"type": "int", "default": 20},
        unchanged_results={"type": "list", "elements": "str", "default": ["current"]},
        hold={"type": "int"},
        seen={"type": "dict", "default": {}},
    )
    return spec


class WorkflowRun:
    """One call of the module."""

    def __init__(self, params: dict[str, Any], client: ArgoClient, *, check_mode: bool) -> None:
        self.params = params
        self.client = client
        self.check_mode = check_mode
        self.results: dict[str, Any] = {"changed": False}

    def run(self) -> dict[str, Any]:
        """Submit or follow a workflow, as the options say.

        Returns:
            What the module returns; with ``failed`` and ``msg`` when the workflow failed or has not ended in time.

        Raises:
            ArgoError: The API refuses, or a workflow of the same template is running and must not.
        """
        if self.params["name"]:
            return self._follow(self.params["name"])
        if self.check_mode:
            return self._foretell()
        name = self._running_one() or self._submit()
        return self._follow(name) if self.params["wait"] else self.results

    def _foretell(self) -> dict[str, Any]:
        template = self.params["template"]
        try:
            check_parameters(self.client.template(template), parameter_texts(self.params["parameters"]))
        except ArgoError as error:
            if not error.missing:
                raise
            self.results["msg"] = f"WorkflowTemplate {template} is not there yet; it would be run once it is"
        else:
            self.results["msg"] = f"WorkflowTemplate {template} would be run"
        self.results["changed"] = True
        return self.results

    def _running_one(self) -> str | None:
        """The name of a running workflow that is to be followed instead of a new one."""
        names: list[str] = [item["metadata"]["name"] for item in self.client.running(self.params["template"])]
        if names:
            self.results["running"] = names
        if not names or self.params["when_running"] == "submit":
            return None
        if self.params["when_running"] == "follow":
            return names[0]
        raise ArgoError(
            f"Workflow {', '.join(names)} of template {self.params['template']} is still running in namespace"
            f" {self.client.namespace}; wait for its end, follow it (when_running: follow), or stop it with:"
            f" argo stop --namespace {self.client.namespace} {names[0]}"
        )

    def _submit(self) -> str:
        template = self.params["template"]
        parameters = parameter_texts(self.params["parameters"])
        check_parameters(self.client.template(template), parameters)
        workflow = self.client.submit(
            submission(
                template,
                self.client.namespace,
                parameters,
                generate_name=f"{template}-",
                parallelism=self.params["parallelism"],
                labels=self.params["labels"],
            )
        )
        self.results.update(changed=True, workflow=summary(workflow), outputs={}, ended=False)
        name: str = workflow["metadata"]["name"]
        return name

    def _follow(self, name: str) -> dict[str, Any]:
        observation = follow(
            lambda: self.client.workflow(name),
            seen=self.params["seen"],
            interval=self.params["poll_interval"],
            timeout=self.params["wait_timeout"] if self.params["wait"] else 0,
            hold=self.params["hold"],
        )
        workflow = observation.workflow
        found = outputs(workflow)
        self.results.update(
            changed=found.get("result") not in self.params["unchanged_results"],
            workflow=summary(workflow),
            outputs=found,
            ended=ended(workflow),
            lines=observation.lines,
            seen=observation.seen,
        )
        if self.params["hold"] is not None:
            self.results["at_work"] = at_work(workflow)
        if phase(workflow) in BROKEN:
            self._failed(workflow)
        elif observation.timed_out and not ended(workflow) and self.params["wait"]:
            self._timed_out(observation)
        return self.results

    def _failed(self, workflow: dict[str, Any]) -> None:
        name = workflow["metadata"]["name"]
        failed = [
            {
                "step": step.label,
                "template": step.template,
                "phase": step.phase,
                "message": step.message,
                "log": self.client.log(name, step.id, self.params["log_lines"]),
            }
            for step in Tree(workflow).failures()
        ]
        where = "; ".join(_told(node) for node in failed)
        text = where or workflow.get("status", {}).get("message") or "no step says why"
        self.results.update(failed=True, failed_nodes=failed, msg=f"Workflow {name} {phase(workflow).lower()}: {text}")

    def _timed_out(self, observation: Observation) -> None:
        name = observation.workflow["metadata"]["name"]
        seen = last_observation(observation.workflow)
        self.results.update(
            failed=True,
            last_observation=seen,
            msg=f"Workflow {name} has not ended within {self.params['wait_timeout']} seconds and continues ({seen});"
            f" follow it again with name: {name}",
        )


def _told(node: dict[str, Any]) -> str:
    """A failed step with its message and the last thing it wrote."""
    words = [node["step"], node["message"].removeprefix("main: ") or node["phase"]]
    # A program that says its error to Kubernetes, too, has it in the message: "main: Error (exit code 1): CAUSE".
    cause = node["message"].partition("): ")[2]
    last = [line for line in node["log"][-1:] if not cause or cause not in line]
    return ": ".join(words + last)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        required_one_of=[("template", "name")],
        mutually_exclusive=[("template", "name")],
        supports_check_mode=True,
    )
    try:
        kubernetes = importlib.import_module("kubernetes")
    except ImportError:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=traceback.format_exc())
    try:
        api = connect(module.params)
    except UnreachableError as error:
        module.fail_json(msg=str(error))
    client = ArgoClient(
        kubernetes.client.CustomObjectsApi(api), kubernetes.client.CoreV1Api(api), module.params["namespace"]
    )
    run = WorkflowRun(module.params, client, check_mode=module.check_mode)
    try:
        results = run.run()
    except ArgoError as error:
        module.fail_json(**{**run.results, "msg": str(error)})
    if results.pop("failed", False):
        module.fail_json(**results)
    module.exit_json(**results)


if __name__ == "__main__":
    main()
