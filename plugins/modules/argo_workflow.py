#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: submits a Workflow from a WorkflowTemplate; its action plugin follows it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: argo_workflow
short_description: Run a workflow template of Argo Workflows and follow it
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Submits a Workflow from a WorkflowTemplate, follows it until it has ended, and returns its output parameters.
  - While it runs, a line is printed for each change, with the time since the start and the progress of long steps. A
    step whose phase and progress have not changed for O(no_progress_after) seconds is reported as well.
  - Exactly one of O(template) and O(name) is needed.
  - The task counts as changed unless the output parameter C(result) of the workflow is one of O(unchanged_results). A
    workflow without this output parameter counts as changed. With O(wait=false) the task counts as changed if it has
    submitted a workflow.
  - When it fails, the last log lines of the failed steps are printed, and returned with their messages.
  - Needs Argo Workflows 3.6 or newer and the rights to get C(workflowtemplates), to create, get and list C(workflows),
    to list C(pods) and to get C(pods/log).
options:
  template:
    description:
      - Name of the WorkflowTemplate.
      - Needed unless O(name) is given, and excludes it.
    type: str
  name:
    description:
      - Name of a workflow to follow. Nothing is submitted, and O(parameters), O(parallelism), O(labels) and
        O(when_running) have no effect.
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
      - Additional labels of the workflow. The label with the instance id of Argo's controller is that of the template.
    type: dict
    default: {}
  when_running:
    description:
      - What to do when a workflow of the same template has not ended.
      - V(refuse) fails and names it.
      - V(follow) follows it instead of submitting another one.
      - V(submit) submits another one; locks of the template decide when it begins.
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
      - Longest time to follow the workflow, in seconds. When it is over the workflow continues, and the task fails with
        what was seen last.
    type: int
    default: 86400
  poll_interval:
    description:
      - Seconds between two questions to the API.
    type: int
    default: 2
  no_progress_after:
    description:
      - Seconds after which a running step without any change is reported. It is reported again after twice as long, and
        so on, but at least every hour.
      - With V(0) it is never reported.
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
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.action_group
attributes:
  check_mode:
    support: full
    details: Submits nothing, and says whether the template exists and takes the parameters.
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
    msg: "{{ update.msg if ansible_check_mode else update.outputs.result ~ ': ' ~ update.outputs.release }}"

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
  description: Output parameters of the workflow; empty until it has ended.
  returned: when one was submitted or followed
  type: dict
  sample: {result: published, release: 20261122t221000-3f9ab2c1}
msg:
  description: What would be run, or why the task failed.
  returned: in check mode with O(template), and on failure
  type: str
  sample: WorkflowTemplate cosmogony-update would be run
failed_nodes:
  description: Where the failure began, each with the last lines of its log.
  returned: when the workflow failed
  type: list
  elements: dict
  contains:
    step:
      description: Name of the step; in a loop with the item that it worked on.
      type: str
      returned: always
      sample: fetch(batch 0)
    template:
      description: Name of its template, or of the WorkflowTemplate that has it.
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
  sample: "phase Running, progress 3/9; running: extract(batch 0) running 3/9"
running:
  description: Names of workflows of the same template that have not ended.
  returned: when there are any
  type: list
  elements: str
  sample: [cosmogony-update-7x2kq]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._argo_client import (
    ArgoClient,
    SubmitError,
    format_parameters,
    get_instance_labels,
    make_manifest,
    refuse_wrong_parameters,
)
from ..module_utils._argo_status import get_outputs, summarize_workflow
from ..module_utils._kubernetes_api import ApiError, connect, make_argument_spec

OPTIONS: dict[str, Any] = {
    "template": {"type": "str"},
    "name": {"type": "str"},
    "namespace": {"type": "str", "default": "cosmogony"},
    "parameters": {"type": "dict", "default": {}},
    "parallelism": {"type": "int"},
    "labels": {"type": "dict", "default": {}},
    "when_running": {"type": "str", "choices": ["refuse", "follow", "submit"], "default": "refuse"},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 86400},
    "poll_interval": {"type": "int", "default": 2},
    "no_progress_after": {"type": "int", "default": 300},
    "log_lines": {"type": "int", "default": 20},
    "unchanged_results": {"type": "list", "elements": "str", "default": ["current"]},
}
RULES: dict[str, Any] = {
    "required_one_of": [("template", "name")],
    "mutually_exclusive": [("template", "name")],
}


class WorkflowSubmission:
    """Submits a workflow, or finds the one to follow, by the options of the module."""

    def __init__(self, params: dict[str, Any], client: ArgoClient) -> None:
        self.params = params
        self.client = client
        self.results: dict[str, Any] = {"changed": False}

    def run(self, *, check_mode: bool) -> dict[str, Any]:
        """Submit a workflow, or find the one with the name or the running one; return the module's result.

        Raises:
            ApiError: The API refuses or does not answer.
            SubmitError: A parameter does not fit, or a workflow of the same template is running and must not.
        """
        if self.params["name"]:
            return self._describe(self.client.get_workflow(self.params["name"]))
        if check_mode:
            return self._predict()
        running = self.client.list_unfinished_of_template(self.params["template"])
        if running:
            self.results["running"] = [item["metadata"]["name"] for item in running]
        if not running or self.params["when_running"] == "submit":
            return self._submit()
        if self.params["when_running"] == "follow":
            return self._describe(running[0])
        names = self.results["running"]
        raise SubmitError(
            f"Workflow {', '.join(names)} of template {self.params['template']} is still running in namespace"
            f" {self.client.namespace}; wait for its end, follow it (when_running: follow), or stop it with:"
            f" argo stop --namespace {self.client.namespace} {names[0]}"
        )

    def _predict(self) -> dict[str, Any]:
        template = self.params["template"]
        try:
            refuse_wrong_parameters(self.client.get_template(template), format_parameters(self.params["parameters"]))
        except ApiError as error:
            if not error.is_missing:
                raise
            self.results["msg"] = f"WorkflowTemplate {template} does not exist yet; it would be run once it does"
        else:
            self.results["msg"] = f"WorkflowTemplate {template} would be run"
        self.results["changed"] = True
        return self.results

    def _submit(self) -> dict[str, Any]:
        name, parameters = self.params["template"], format_parameters(self.params["parameters"])
        template = self.client.get_template(name)
        refuse_wrong_parameters(template, parameters)
        workflow = self.client.submit_workflow(
            make_manifest(
                name,
                self.client.namespace,
                parameters,
                parallelism=self.params["parallelism"],
                labels={**get_instance_labels(template), **self.params["labels"]},
            )
        )
        self.results["changed"] = True
        return self._describe(workflow)

    def _describe(self, workflow: dict[str, Any]) -> dict[str, Any]:
        self.results.update(workflow=summarize_workflow(workflow), outputs=get_outputs(workflow))
        return self.results


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=make_argument_spec(**OPTIONS), supports_check_mode=True, **RULES)
    task = WorkflowSubmission(module.params, ArgoClient.from_api(connect(module), module.params["namespace"]))
    try:
        results = task.run(check_mode=module.check_mode)
    except (ApiError, SubmitError) as error:
        module.fail_json(**{**task.results, "msg": str(error)})
    module.exit_json(**results)


if __name__ == "__main__":
    main()
