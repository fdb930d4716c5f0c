# SPDX-License-Identifier: Apache-2.0
"""The files of role workflows, each of which describes one step of the pipeline or one graph of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

Document = dict[str, Any]
F = TypeVar("F", "Step", "Graph")


class WorkflowFileError(ValueError):
    """A file of role workflows has a wrong or missing key, or a setting does not fit it."""


@dataclass(frozen=True)
class _Common:
    """Fields that files of steps and of graphs share.

    Attributes:
        name: Name of the file, and of the WorkflowTemplate after ``cosmogony-``.
        parameters: Inputs as Argo has them; ``internal: true`` keeps one from the arguments of the WorkflowTemplate.
        lock: Whether it changes data, so that no two of them run at the same time.
        where: Settings by their path; without these values it is not part of the deployment.
        instead_of: Step whose place it takes where it is part of the deployment.
    """

    name: str
    title: str
    description: str
    parameters: list[Document] = field(default_factory=list)
    lock: bool = True
    where: Document = field(default_factory=dict)
    instead_of: str = ""


@dataclass(frozen=True)
class Step(_Common):
    """The file of a step: one command that a pod of one image runs.

    Attributes:
        image: Name of the image in the settings, or ``trex``.
        pod: Whose resources, scratch space and time limits it has: a key of the setting ``steps``.
        command: Program and sub-command; each parameter follows as an option of its name, unless ``args`` is given.
        args: All arguments, where they are not made of the parameters.
        outputs: Names of the files in /tmp/outputs, or ``{name, default, global}``: with a default the file may be
            missing; ``global`` is the name of an output of the workflow, which has it once the step has succeeded.
        credentials: Names of Secrets, see ``Secrets``.
        volumes: What it mounts in addition to /tmp, see ``make_volumes``.
        deadline: Longest time of one try in seconds, where that is not the one of the pod.
        planned: Whether its scratch space may be what step plan computes: the parameter ``disk``.
        retry: What differs from the usual retries.
        alone: Whether there is a WorkflowTemplate that runs this step only.
    """

    image: str = ""
    pod: str = ""
    command: list[str] = field(default_factory=list)
    args: list[str] | None = None
    outputs: list[str | Document] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    deadline: int | None = None
    planned: bool = False
    retry: Document = field(default_factory=dict)
    alone: bool = True


@dataclass(frozen=True)
class Graph(_Common):
    """The file of a workflow: Argo templates that call steps and other graphs by their names.

    Attributes:
        templates: Argo's templates; ``main`` is the first one to run.
        on_exit: The template that runs at the end, however that was.
    """

    templates: list[Document] = field(default_factory=list)
    on_exit: str = ""


def parse_files(kind: type[F], documents: Mapping[str, Document]) -> dict[str, F]:
    """Check the parsed files of a folder and return a Step or Graph for each.

    Args:
        kind: What each of them is.
        documents: The parsed files by their names without the suffix.

    Returns:
        The same, in the order of the names.

    Raises:
        WorkflowFileError: A file has an unknown key, or lacks one.
    """
    known = {entry.name for entry in fields(kind)} - {"name"}
    needed = {"title", "description", *(("image", "pod", "command") if kind is Step else ("templates",))}
    read: dict[str, F] = {}
    for name, document in sorted(documents.items()):
        wrong = [f"has no key {key}" for key in sorted(needed - set(document))]
        wrong += [f"has the unknown key {key}" for key in sorted(set(document) - known)]
        if wrong:
            raise WorkflowFileError(f"{name}.yaml {' and '.join(wrong)}; a {kind.__name__.lower()} has {sorted(known)}")
        read[name] = kind(name=name, **document)
    return read
