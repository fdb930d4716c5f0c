#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generate files from types, routes and the schema of the settings.

From the types of `cosmogony_steps.documents`: the JSON Schemas in docs/reference/schemas.
From these types and the routes of the API: its openapi.json.
From meta/settings.schema.yml: the types of `cosmogony_steps.settings.model`, and docs/reference/settings.md.
With --check nothing is written; files that are not up to date are named, and the exit code is 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cosmogony_api.openapi import make_openapi
from cosmogony_steps.documents import ExpectedCount, GateReport, Manifest, RunSummary
from cosmogony_steps.documents.schemas import make_openapi_components, make_schemas
from generated_files import ROOT, update_files
from settings_model import render_types
from settings_reference import render_page
from settings_schema import SettingsSchema

SCHEMAS = ROOT / "docs/reference/schemas"
OPENAPI = ROOT / "images/api/src/cosmogony_api/openapi.json"
SETTINGS = ROOT / "meta/settings.schema.yml"
MODEL = ROOT / "images/base/src/cosmogony_steps/settings/model.py"
REFERENCE = ROOT / "docs/reference/settings.md"
IN_OPENAPI = (ExpectedCount, GateReport, Manifest, RunSummary)


def render_files() -> dict[Path, str | None]:
    """Return the text of all generated files, by path; None for schemas of documents that no longer exist."""
    settings = SettingsSchema(SETTINGS)
    files = dict.fromkeys(SCHEMAS.glob("*.json"))
    schemas = {SCHEMAS / f"{name}.json": _to_text(schema) for name, schema in make_schemas().items()}
    openapi = _to_text(make_openapi(make_openapi_components(*IN_OPENAPI)))
    return {**files, **schemas, OPENAPI: openapi, MODEL: render_types(settings), REFERENCE: render_page(settings)}


def _to_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(update_files(render_files, "make schemas", __doc__))
