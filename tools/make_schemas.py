#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what is made of types and of the schema of the settings.

Of the types of `cosmogony_steps.documents`: the JSON Schemas in docs/reference/schemas.
Of these types, and of the routes of the API: its openapi.json.
Of meta/settings.schema.yml: the types of `cosmogony_steps.settings.model`, and docs/reference/settings.md.
With --check nothing is written; what is not up to date is named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from cosmogony_api.openapi import make_document
from cosmogony_steps.documents import ExpectedCount, GateReport, Manifest
from cosmogony_steps.documents.schemas import make_components, make_schemas
from settings_model import make_model
from settings_reference import make_reference
from settings_schema import Schema

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT / "docs/reference/schemas"
OPENAPI = ROOT / "images/api/src/cosmogony_api/openapi.json"
SETTINGS = ROOT / "meta/settings.schema.yml"
MODEL = ROOT / "images/base/src/cosmogony_steps/settings/model.py"
REFERENCE = ROOT / "docs/reference/settings.md"
IN_OPENAPI = (ExpectedCount, GateReport, Manifest)


def main() -> int:
    """Write the files, or compare them; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args().check
    wanted = {SCHEMAS / f"{name}.json": _text(schema) for name, schema in make_schemas().items()}
    wanted[OPENAPI] = _text(make_document(make_components(*IN_OPENAPI)))
    settings = Schema(SETTINGS)
    wanted |= {MODEL: make_model(settings), REFERENCE: make_reference(settings)}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    gone = [path for path in SCHEMAS.glob("*.json") if path not in wanted]
    if check:
        for path in stale + gone:
            print(f"{path.relative_to(ROOT)} is not up to date; run make schemas", file=sys.stderr)
        return 1 if stale or gone else 0
    SCHEMAS.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    for path in gone:
        path.unlink()
    return 0


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
