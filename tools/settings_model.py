# SPDX-License-Identifier: Apache-2.0
"""Make the types of `cosmogony_steps.settings.model` for the settings that steps read."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

from settings_schema import SettingEntry, SettingsSchema

_HEADER = '''\
# SPDX-License-Identifier: Apache-2.0
"""The settings that the steps of a data update read. `make schemas` makes this file of meta/settings.schema.yml."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from msgspec import Meta

from .document import SettingsDocument
'''
_DATACLASS = "@dataclass(frozen=True, slots=True, kw_only=True)"
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_LIMITS = {"minimum": "ge", "maximum": "le", "pattern": "pattern"}
_WIDTH = 110


def render_types(schema: SettingsSchema) -> str:
    """Return the Python source of cosmogony_steps.settings.model, with a class per section of settings."""
    classes: list[str] = []
    fields = [
        _make_field(entry, schema, classes) for entry in schema.list_entries() if _is_read_by_steps(entry, schema)
    ]
    classes.append(_make_class("Settings", "Settings of the steps, by section.", fields, "(SettingsDocument)"))
    return _format("\n\n".join([_HEADER, *classes]))


def _is_read_by_steps(entry: SettingEntry, schema: SettingsSchema) -> bool:
    if entry.is_section:
        return any(_is_read_by_steps(child, schema) for child in schema.list_entries(entry))
    return bool(entry.schema.get("x-steps"))


def _make_field(entry: SettingEntry, schema: SettingsSchema, classes: list[str]) -> str:
    """Return a field of a class, and add the class of its type, if any, to `classes`."""
    comment = textwrap.indent(textwrap.fill(entry.description, _WIDTH), "    #: ")
    if entry.is_section:
        children = [child for child in schema.list_entries(entry) if _is_read_by_steps(child, schema)]
        name = _class_name(entry)
        classes.append(
            _make_class(name, entry.description, [_make_field(child, schema, classes) for child in children])
        )
        return f"    {entry.name}: {name} = field(default_factory={name})"
    default = "" if "default" not in entry.schema else f" = {_make_default(entry.schema)}"
    return f"{comment}\n    {entry.name}: {_make_type(entry, schema, classes)}{default}"


def _make_type(entry: SettingEntry, schema: SettingsSchema, classes: list[str]) -> str:
    kind = entry.schema["type"]
    if kind == "array":
        items = entry.schema["items"]
        if items["type"] != "object":
            return f"tuple[{_make_plain_type(items)}, ...]"
        item = SettingEntry(entry.path, items)
        fields = [_make_field(child, schema, classes) for child in schema.list_entries(item)]
        classes.append(_make_class(items["title"], items["description"], fields))
        return f"tuple[{items['title']}, ...]"
    return _make_plain_type(entry.schema)


def _make_plain_type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    limits = [f"{word}={schema[name]!r}" for name, word in _LIMITS.items() if name in schema]
    plain = _PLAIN[schema["type"]]
    return f"Annotated[{plain}, Meta({', '.join(limits)})]" if limits else plain


def _make_default(schema: dict[str, Any]) -> str:
    if schema["type"] == "array":
        return repr(tuple(schema["default"]))
    return repr(float(schema["default"]) if schema["type"] == "number" else schema["default"])


def _make_class(name: str, description: str, fields: list[str], base: str = "") -> str:
    return "\n".join([_DATACLASS, f"class {name}{base}:", _make_docstring(description), "", *fields])


def _make_docstring(description: str) -> str:
    """Return the first sentence on a separate line, as documentation strings have it, and the rest below."""
    summary, dot, rest = description.partition(". ")
    if not rest:
        return f'    """{summary}"""'
    return textwrap.indent(f'"""{summary}{dot.strip()}\n\n{textwrap.fill(rest, _WIDTH)}\n"""', "    ")


def _class_name(entry: SettingEntry) -> str:
    return "".join(word.capitalize() for part in entry.path for word in part.split("_")) + "Settings"


def _format(source: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", "model.py", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"ruff cannot format the generated types: {done.stderr}")
    return done.stdout
