# SPDX-License-Identifier: Apache-2.0
"""Make docs/reference/settings.md, which lists every setting with its two spellings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from settings_schema import SettingEntry, SettingsSchema

_HEADER = """\
# Settings

<!-- `make schemas` makes this file of meta/settings.schema.yml. -->

All settings of an inventory. Each has two spellings: a key of its section's dictionary,
`cosmogony_gate: {max_loss_percent: 5}`, and its path with underscores, `cosmogony_gate_max_loss_percent: 5`, for
surveys and `-e`. Where both are given, the second counts. A dictionary need not be complete: the defaults stay for the
rest. Blank and null mean not set.

A name that is not in this list is refused. Secrets belong in a vault, or in a Secret of the namespace that
`existing_secret` names.
"""
_TABLE = "| setting | meaning | type, limits | default |\n|---|---|---|---|"


def render_page(schema: SettingsSchema) -> str:
    """Return docs/reference/settings.md as text."""
    parts = [_HEADER]
    for heading, entries in schema.group_entries().items():
        parts.append(f"## {heading}\n")
        if alone := [entry for entry in entries if not entry.is_section]:
            parts.append(
                "\n".join([_TABLE, *(_make_row(f"`{_get_variable(entry)}`", entry) for entry in alone)]) + "\n"
            )
        for section in (entry for entry in entries if entry.is_section):
            parts.append(_make_section(section, schema))
    return "\n".join(parts)


def _make_section(section: SettingEntry, schema: SettingsSchema) -> str:
    lines = [f"### {_get_variable(section)}\n", section.description]
    if alone := section.schema.get("x-alone"):
        lines.append(f"\nA single value in place of the dictionary is `{alone}`.")
    lines += ["", _TABLE]
    for setting in schema.list_settings(section):
        path = ".".join(setting.path[1:])
        lines.append(_make_row(f"`{path}`<br>`{_get_variable(setting)}`", setting))
        lines += _make_rows_of_items(setting, path, schema)
    return "\n".join(lines) + "\n"


def _make_rows_of_items(setting: SettingEntry, path: str, schema: SettingsSchema) -> Iterator[str]:
    """Yield a row for each key of the dictionaries in a list."""
    if setting.schema["type"] != "array" or "properties" not in setting.schema["items"]:
        return
    for child in schema.list_entries(SettingEntry(setting.path, setting.schema["items"])):
        name = f"{path}[].{child.name}"
        yield _make_row(f"`{name}`", child)
        yield from _make_rows_of_items(child, name, schema)


def _make_row(name: str, setting: SettingEntry) -> str:
    cells = (name, setting.description, _describe_type(setting.schema), _describe_default(setting.schema))
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _describe_type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(f"`{word}`" for word in schema["enum"])
    kinds = {"integer": "whole number", "boolean": "true or false", "object": "dictionary", "string": "text"}
    text = kinds.get(schema["type"], str(schema["type"]))
    if schema["type"] == "array":
        text = "list of dictionaries" if schema["items"]["type"] == "object" else "list of texts"
    if schema.get("writeOnly"):
        text = "secret " + text
    return text + _describe_limits(schema.get("items", {}) if schema["type"] == "array" else schema)


def _describe_limits(schema: dict[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None:
        return f", {least} to {most}" if most is not None else f", from {least}"
    return f", `{schema['pattern']}`" if "pattern" in schema else ""


def _describe_default(schema: dict[str, Any]) -> str:
    if "default" not in schema:
        return "required"
    return "" if schema["default"] in ("", [], {}) else f"`{_encode(schema['default'])}`"


def _encode(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _get_variable(entry: SettingEntry) -> str:
    return "_".join(("cosmogony", *entry.path))
