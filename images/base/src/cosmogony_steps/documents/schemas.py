# SPDX-License-Identifier: Apache-2.0
"""JSON Schemas of the documents, made from their types."""

from __future__ import annotations

from typing import Any

import msgspec

from ..settings import model
from .document import Document
from .gate import GateReport
from .manifest import Manifest
from .markers import PartMarker, SourceMarker
from .plan import Plan
from .statistics import ExpectedCount
from .summary import RunSummary

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FORMAT = "Rises when readers of the format before would misunderstand the document; absent in the oldest documents"
DOCUMENTS: dict[str, type[Document]] = {
    "gate-report": GateReport,
    "manifest": Manifest,
    "part-marker": PartMarker,
    "plan": Plan,
    "run-summary": RunSummary,
    "source-marker": SourceMarker,
}
STATISTICS = "test-results"


def make_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schemas of all documents, by the names of their files without the suffix."""
    schemas = {name: _make_schema(kind) for name, kind in DOCUMENTS.items()}
    _, definitions = msgspec.json.schema_components([ExpectedCount], ref_template="#/$defs/{name}")
    schemas[STATISTICS] = {
        "$schema": _DIALECT,
        "title": "Statistics",
        "description": "Expected counts of a release: test_results.json",
        "type": "array",
        "items": {"$ref": "#/$defs/ExpectedCount"},
        "$defs": _add_descriptions(definitions),
    }
    return schemas


def make_openapi_components(*kinds: type) -> dict[str, Any]:
    """Return the schemas of types and of all types that they refer to, for an OpenAPI document."""
    _, definitions = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return _add_descriptions(definitions)


def _make_schema(kind: type[Document]) -> dict[str, Any]:
    _, definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    definitions = _add_descriptions(definitions)
    own = definitions.pop(kind.__name__)
    return {"$schema": _DIALECT, **own, **({"$defs": definitions} if definitions else {})}


def _add_descriptions(definitions: dict[str, Any]) -> dict[str, Any]:
    if "Settings" in definitions:  # meta/settings.schema.yml describes them
        for name in [name for name in definitions if hasattr(model, name)]:
            del definitions[name]
        definitions["Settings"] = {"type": "object", "description": "As in meta/settings.schema.yml"}
    for definition in definitions.values():
        if "format" in definition.get("properties", {}):
            definition["properties"]["format"]["description"] = _FORMAT
        if "description" in definition:
            definition["description"] = " ".join(definition["description"].split())
    return dict(sorted(definitions.items()))
