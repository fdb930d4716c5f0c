# SPDX-License-Identifier: Apache-2.0
"""Redaction of manifests that the pipeline wrote."""

from __future__ import annotations

import json
from pathlib import Path

from cosmogony_api.manifest import redact_manifest
from cosmogony_api.routes.v1.documentation import read_openapi
from jsonschema import Draft202012Validator

_WRITTEN = Path(__file__).parents[2] / "base/tests/documents/manifest-without-format.json"


def test_redacted_manifest_fits_its_schema() -> None:
    manifest = json.loads(_WRITTEN.read_text(encoding="utf-8"))
    shown = redact_manifest(manifest)
    components = json.loads(read_openapi())["components"]
    schema = {"$ref": "#/components/schemas/Manifest", "components": components}
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(shown)
    assert shown.keys() == manifest.keys()
    assert shown["inputs"]["importer"] == "importer:1a2b3c4d"
    assert [source["url"] for source in shown["sources"]] == [source["name"] for source in manifest["sources"]]
