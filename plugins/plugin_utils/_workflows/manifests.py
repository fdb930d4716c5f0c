# SPDX-License-Identifier: Apache-2.0
"""Manifests of the WorkflowTemplates that role workflows applies."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from .._schema import merge_trees
from .files import Document, Graph, Step, WorkflowFileError, parse_files
from .pods import DISK_ALONE, has_planned_scratch, make_step_template
from .shared_pod_fields import make_shared_spec

API = "argoproj.io/v1alpha1"
PREFIX = "cosmogony-"
MAIN = "main"


class Renderer:
    """Renders the files of role workflows as WorkflowTemplates, with one set of settings."""

    def __init__(
        self,
        steps: Mapping[str, Document],
        graphs: Mapping[str, Document],
        settings: Mapping[str, Any],
        envelope: Document,
    ) -> None:
        """Check the files, and leave out those that the settings do not need.

        Args:
            steps: Parsed step files by their names.
            graphs: Parsed files of graphs by their names.
            settings: The whole tree.
            envelope: What all have in common: ``metadata``, ``spec``, ``template`` and ``container``.

        Raises:
            WorkflowFileError: A file does not say what it should.
        """
        self.settings = settings
        self.envelope = envelope
        self.steps = {name: step for name, step in parse_files(Step, steps).items() if self._is_part(step)}
        self.graphs = {name: graph for name, graph in parse_files(Graph, graphs).items() if self._is_part(graph)}
        self.places = {entry.instead_of: name for name, entry in self._all() if entry.instead_of}

    def render(self) -> list[Document]:
        """Return the manifests of all WorkflowTemplates: of each step that can run alone, then of each graph."""
        made = [self._step(step) for step in self.steps.values() if step.alone]
        return made + [self._graph(graph) for graph in self.graphs.values()]

    def _all(self) -> Iterator[tuple[str, Step | Graph]]:
        yield from self.steps.items()
        yield from self.graphs.items()

    def _is_part(self, entry: Step | Graph) -> bool:
        return all(_get_setting(self.settings, path) == value for path, value in entry.where.items())

    def _step(self, step: Step) -> Document:
        template = self._named(MAIN, step)
        arguments = _make_template_arguments(step)
        if has_planned_scratch(step, self.settings):
            said = f"Scratch space, where settings leave it to step plan (steps.{step.pod}.scratch)"
            arguments.append({"name": "disk", "description": said, "value": DISK_ALONE})
        return self._template(step, arguments, [template])

    def _graph(self, graph: Graph) -> Document:
        templates = [self._filled(template) for template in graph.templates]
        names = [template["name"] for template in templates]
        wanted = [name for template in templates for name in _list_called_templates(template)]
        while wanted:
            name = wanted.pop(0)
            if name in names:
                continue
            template = self._named(name, self._callee(name, graph.name))
            names.append(name)
            templates.append(template)
            wanted.extend(_list_called_templates(template))
        made = self._template(graph, _make_template_arguments(graph), templates)
        if graph.on_exit:
            made["spec"]["onExit"] = graph.on_exit
        return made

    def _callee(self, name: str, caller: str) -> Step | Graph:
        found = dict(self._all()).get(self.places.get(name, name))
        if found is None:
            raise WorkflowFileError(f"{caller}.yaml calls {name}: neither a template of it nor a step nor a graph")
        return found

    def _named(self, name: str, entry: Step | Graph) -> Document:
        """Return the Argo template, under a name, that runs a step or a graph."""
        if isinstance(entry, Step):
            return {"name": name, **self._filled(make_step_template(entry, self.settings, self.envelope))}
        if [template["name"] for template in entry.templates] != [MAIN]:
            raise WorkflowFileError(
                f"{entry.name}.yaml is called by another graph: it may have the template {MAIN} only"
            )
        return {**self._filled(entry.templates[0]), "name": name}

    def _filled(self, document: Any) -> Any:
        """Return a document with each ``{setting: PATH}`` in it replaced by the setting's value as text."""
        if isinstance(document, dict):
            if set(document) == {"setting"}:
                return str(_get_setting(self.settings, document["setting"]))
            return {key: self._filled(value) for key, value in document.items()}
        if isinstance(document, list):
            return [self._filled(value) for value in document]
        return document

    def _template(self, entry: Step | Graph, arguments: list[Document], templates: list[Document]) -> Document:
        spec: Document = {"entrypoint": MAIN}
        if arguments:
            spec["arguments"] = {"parameters": [self._filled(entry) for entry in arguments]}
        spec |= merge_trees(make_shared_spec(self.settings), copy.deepcopy(self.envelope["spec"]))
        if entry.lock:
            spec["synchronization"] = {"mutexes": [{"name": f"{PREFIX}update"}]}
        spec["templates"] = templates
        annotations = {
            "workflows.argoproj.io/title": entry.title,
            "workflows.argoproj.io/description": entry.description,
        }
        metadata = {"name": f"{PREFIX}{entry.name}", **self.envelope["metadata"], "annotations": annotations}
        return {"apiVersion": API, "kind": "WorkflowTemplate", "metadata": metadata, "spec": spec}


def _get_setting(settings: Mapping[str, Any], path: str) -> Any:
    """Return the value of the setting at a path such as ``tiles.engine``.

    Args:
        settings: The whole tree.
        path: Names with dots between them.

    Returns:
        The value.

    Raises:
        WorkflowFileError: There is no such setting.
    """
    value: Any = settings
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise WorkflowFileError(f"there is no setting {path}")
        value = value[name]
    return value


def _make_template_arguments(entry: Step | Graph) -> list[Document]:
    """Return the arguments of a WorkflowTemplate: the parameters that users may give, without internal ones."""
    shown = [parameter for parameter in entry.parameters if not parameter.get("internal")]
    return [{key: value for key, value in parameter.items() if key != "internal"} for parameter in shown]


def _list_called_templates(template: Document) -> Iterator[str]:
    """Yield the names of the templates that an Argo template calls."""
    tasks = template.get("dag", {}).get("tasks", [])
    for task in [*tasks, *(step for group in template.get("steps", []) for step in group)]:
        yield task["template"]
