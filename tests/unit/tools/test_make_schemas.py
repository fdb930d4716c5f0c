# SPDX-License-Identifier: Apache-2.0
"""The schemas in the documentation and in the API's description are those of the types."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import CHECKOUT
from jsonschema import Draft202012Validator

_SCHEMAS = sorted((CHECKOUT / "docs/reference/schemas").glob("*.json"))


def test_the_schemas_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, CHECKOUT / "tools/make_schemas.py", "--check"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", _SCHEMAS, ids=lambda path: path.stem)
def test_a_schema_is_valid_and_refers_only_to_itself(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    text = json.dumps(schema)
    assert all(f'"#/$defs/{name}"' in text for name in schema.get("$defs", {}))
