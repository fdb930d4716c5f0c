# SPDX-License-Identifier: Apache-2.0
"""Values of the chart that are settings now, because the pipeline needs them as well or alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Paths of values, and what is written instead: a name that ends in _ stands for all below it.
MOVED = {
    "data.sources": "cosmogony_sources",
    "data": "cosmogony_",
    "storage": "cosmogony_storage_",
    "steps": "cosmogony_steps_",
    "database": "cosmogony_database_",
    "images": "cosmogony_images_",
    "imagePullPolicy": "cosmogony_image_pull_policy",
    "imagePullSecrets": "cosmogony_image_pull_secrets",
    "tiles.engine": "cosmogony_tiles_engine",
    "tiles.trex": "cosmogony_trex_",
    "workflowServiceAccount.annotations": "workflows_service_account_annotations",
}
STAYS = ("tiles.trex.linkResources", "database.secretRevision")


def moved_values(values: Mapping[str, Any]) -> list[str]:
    """Return what is to be said of the values that are set elsewhere now.

    Args:
        values: Values of the chart as a site gives them.

    Returns:
        One sentence for each.
    """
    return [f"chart_values.{path}: write {name}" for path in _leaves(values) if (name := _new_name(path))]


def _leaves(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in values.items():
        path = f"{above}{key}"
        # Below these there is what Kubernetes names, not a setting.
        if isinstance(value, Mapping) and value and not path.endswith(("esources", ".annotations")):
            yield from _leaves(value, f"{path}.")
        else:
            yield path


def _new_name(path: str) -> str:
    if path in STAYS:
        return ""
    for former, name in MOVED.items():
        if path == former or path.startswith(f"{former}."):
            if not name.endswith("_"):
                return name
            rest = path.removeprefix(former).removeprefix(".").replace(".", "_")
            return (name + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", rest).lower()).rstrip("_")
    return ""
