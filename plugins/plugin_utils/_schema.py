# SPDX-License-Identifier: Apache-2.0
"""The schema of the settings (meta/settings.schema.yml): its sections, defaults and names."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

PREFIX = "cosmogony_"
PATH = Path(__file__).resolve().parents[2] / "meta/settings.schema.yml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times as fast; not every PyYAML has it

Schema = Mapping[str, Any]
Keys = tuple[str, ...]


@functools.cache
def load_schema(path: Path = PATH) -> Schema:
    """Read the schema of the settings, with each $ref replaced by the definition that it names."""
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506  # a safe loader, both of them
    definitions = document.pop("$defs", {})
    return {**document, "properties": _with_definitions(document["properties"], definitions)}


def _with_definitions(node: Any, definitions: Mapping[str, Any]) -> Any:
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if reference:
        definition = definitions[reference.removeprefix("#/$defs/")]
        node = {**definition, **{key: value for key, value in node.items() if key != "$ref"}}
    return {key: _with_definitions(value, definitions) for key, value in node.items()}


def get_properties(schema: Schema) -> Mapping[str, Schema] | None:
    """Return the schemas of the settings in a section by their names; None for a setting."""
    return schema.get("properties") if schema["type"] == "object" else None


@functools.cache
def get_defaults() -> Mapping[str, Any]:
    """Return the defaults of all settings as a tree. It is cached: copy it before changing it."""
    return dict(get_default(load_schema()))


def get_default(schema: Schema) -> Any:
    """Return the default of a setting, or those of a section as a tree."""
    sections = get_properties(schema)
    if sections is None:
        return copy_deeply(schema["default"])
    return merge_trees({key: get_default(sub) for key, sub in sections.items()}, schema.get("default", {}))


def copy_deeply(value: Any) -> Any:
    """Return a copy that shares no dictionary and no list with the value."""
    if isinstance(value, Mapping):
        return {key: copy_deeply(entry) for key, entry in value.items()}
    return [copy_deeply(entry) for entry in value] if isinstance(value, list) else value


def merge_trees(base: Any, change: Any) -> Any:
    """Return ``base`` with the values of ``change`` over it: dictionaries key by key, anything else as a whole.

    What only one of them has is not copied.
    """
    if not (isinstance(base, Mapping) and isinstance(change, Mapping)):
        return change
    return {**base, **{key: merge_trees(base.get(key), value) for key, value in change.items()}}


def walk_schema(schema: Schema, keys: Keys = ()) -> Iterator[tuple[Keys, Schema]]:
    """Yield every section and every setting below ``schema`` with its path."""
    for key, sub in (get_properties(schema) or {}).items():
        yield (*keys, key), sub
        yield from walk_schema(sub, (*keys, key))


@functools.cache
def map_variable_names(path: Path = PATH) -> Mapping[str, Keys]:
    """Return the path of each section and setting by the name of its variable."""
    return {PREFIX + "_".join(keys): keys for keys, _schema in walk_schema(load_schema(path))}


def find_schema(keys: Keys, schema: Schema) -> Schema:
    """Return the section or setting at a path.

    Raises:
        KeyError: there is none.
    """
    for key in keys:
        schema = (get_properties(schema) or {})[key]
    return schema


def select_step_settings(tree: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return those settings of a tree that the steps of a data update read (x-steps in the schema)."""
    reduced: dict[str, Any] = {}
    for key, sub in (get_properties(schema) or {}).items():
        if key not in tree:
            continue
        if get_properties(sub) is None:
            if sub.get("x-steps"):
                reduced[key] = copy_deeply(tree[key])
        elif below := select_step_settings(tree[key], sub):
            reduced[key] = below
    return reduced
