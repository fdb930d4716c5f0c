# SPDX-License-Identifier: Apache-2.0
"""The public part of manifests as the pipeline writes them."""

from __future__ import annotations

import json
from pathlib import Path

from cosmogony_api.manifest import public
from cosmogony_api.routes.site import openapi_text
from jsonschema import Draft202012Validator

_WRITTEN = Path(__file__).parents[2] / "base/tests/documents/manifest-without-format.json"


def test_the_public_part_of_a_manifest_is_still_one() -> None:
    manifest = json.loads(_WRITTEN.read_text(encoding="utf-8"))
    shown = public(manifest)
    components = json.loads(openapi_text())["components"]
    schema = {"$ref": "#/components/schemas/Manifest", "components": components}
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(shown)
    assert shown.keys() == manifest.keys()
    assert shown["inputs"]["importer"] == "importer:1a2b3c4d"
    assert [source["url"] for source in shown["sources"]] == [source["name"] for source in manifest["sources"]]
