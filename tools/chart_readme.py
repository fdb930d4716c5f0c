# SPDX-License-Identifier: Apache-2.0
"""Makes the README of the chart: a table of its values, out of values.yaml and the comments above each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from generated_files import ROOT

CHART = ROOT / "roles/chart/files/cosmogony"
PATH = CHART / "README.md"
#: The comments of the first component in values.yaml explain the same values of the others, too.
EXPLAINED_BY, COMPONENTS = "api", ("tiles", "web")
#: Values with other names below them that are the site's own.
WHOLE = ("requests", "limits", "podDisruptionBudget", "autoscaling", "resources", "linkResources")
HEADER = """\
# Chart cosmogony

<!-- `make docs` makes this file of values.yaml. -->

The serving side of the Cosmogony stack: API, tile server and site. Role `cosmogony.stack.chart` installs it with values
made of the settings of an inventory, and role `cosmogony.stack.workflows` the data update beside it. Without them it
wants images, a database and the Secret of the database:

```console
kubectl create namespace cosmogony
kubectl --namespace cosmogony create secret generic cosmogony-postgres --from-file=user=FILE --from-file=password=FILE
helm install cosmogony roles/chart/files/cosmogony --namespace cosmogony --values my-values.yaml
helm test cosmogony --namespace cosmogony --logs
```

values.schema.json refuses misspelt and missing values by their names.

| value | default | meaning |
|---|---|---|
"""


def render_page() -> dict[Path, str]:
    """Return the content of the file by its path.

    Raises:
        SystemExit: a value has no comment.
    """
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    lines = text.splitlines()
    rows = {path: (node, comment) for path, node, comment in _list_values(yaml.compose(text), lines)}
    cells = []
    for path, (node, comment) in rows.items():
        meaning = comment or _find_comment(path, rows)
        if not meaning:
            raise SystemExit(f"values.yaml: {path} has no comment")
        cells.append(f"| `{path}` | {_show(node)} | {meaning.replace('|', chr(92) + '|')} |")
    return {PATH: HEADER + "\n".join(cells) + "\n"}


def _list_values(node: Any, lines: list[str], above: str = "") -> Iterator[tuple[str, Any, str]]:
    """Yield path, node and comment of each value; of a dictionary those below it."""
    for key, value in node.value:
        path = f"{above}{key.value}"
        below = isinstance(value, yaml.MappingNode) and value.value and key.value not in WHOLE
        if below:
            yield from _list_values(value, lines, f"{path}.")
        else:
            yield path, value, _comment_above(key, node, lines)


def _comment_above(key: Any, node: Any, lines: list[str]) -> str:
    """Return the comment in the lines above a key; none for keys of a dictionary in one line."""
    if node.flow_style:
        return ""
    found: list[str] = []
    for line in reversed(lines[: key.start_mark.line]):
        if not line.strip().startswith("#"):
            break
        found.insert(0, line.strip().lstrip("#").strip())
    return " ".join(found)


def _find_comment(path: str, rows: dict[str, tuple[Any, str]]) -> str:
    """Return the comment of the value of another component, or of another image, that means the same."""
    first, _, rest = path.partition(".")
    if first in COMPONENTS:
        return rows.get(f"{EXPLAINED_BY}.{rest}", (None, ""))[1]
    if first == "images":
        return rows[f"images.importer.{path.rpartition('.')[2]}"][1]
    return ""


def _show(node: Any) -> str:
    value = yaml.safe_load(yaml.serialize(node))
    if value in ("", [], {}):
        return ""
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"
