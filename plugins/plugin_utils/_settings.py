# SPDX-License-Identifier: Apache-2.0
"""The effective settings: values of an inventory, checked and typed, over the defaults of the schema."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ._schema import (
    PREFIX,
    Keys,
    Schema,
    copy_deeply,
    find_schema,
    get_default,
    get_defaults,
    get_properties,
    load_schema,
    map_variable_names,
    merge_trees,
)
from ._values import (
    copy_without_blanks,
    format_value,
    is_blank,
    to_boolean,
    to_dictionary,
    to_integer,
    to_list,
    to_number,
    to_snake_case,
    to_text,
)

UNSET = object()


class RefusedSettingsError(ValueError):
    """Settings or options are unknown or have wrong values; the message has a line for each of them."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = sorted(set(problems))
        count = len(self.problems)
        title = f"{count} value{'s' * (count > 1)} cannot be taken:"
        super().__init__("\n".join([title, *(f"- {line}" for line in self.problems)]))


class _SettingsReader:
    """Converts values of settings to the types of the schema, and collects a message for each wrong one."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def read(self, schema: Schema, value: Any, name: str) -> Any:
        """Return a setting's or section's value in its type; UNSET for a blank or wrong one.

        Of a section only what is given is returned.
        """
        if is_blank(value):
            return UNSET
        if schema["type"] == "object":
            return self._read_object(schema, value, name)
        if schema["type"] == "array":
            return self._read_list(schema, value, name)
        return self._read_scalar(schema, value, name)

    def _read_object(self, schema: Schema, value: Any, name: str) -> Any:
        sections = get_properties(schema)
        try:
            given = to_dictionary(value)
        except ValueError as error:
            if sections and "x-alone" in schema:
                read = self.read(sections[schema["x-alone"]], value, name)
                return {} if read is UNSET else {schema["x-alone"]: read}
            return self._refuse(schema, value, name, str(error))
        if sections is None:
            return copy_without_blanks(given)
        read = {}
        for key, entry in given.items():
            if key not in sections:
                near = _find_nearest_name(to_snake_case(str(key)), sections)
                known = f"write {name}.{near}" if near else f"there are {', '.join(sections)}"
                self.problems.append(f"{name}.{key} is not a setting: {known}")
            elif (taken := self.read(sections[key], entry, f"{name}.{key}")) is not UNSET:
                read[key] = taken
        return read

    def _read_list(self, schema: Schema, value: Any, name: str) -> Any:
        items = schema["items"]
        try:
            given = to_list(value, commas=items["type"] == "string")
        except ValueError as error:
            return self._refuse(schema, value, name, str(error))
        read = [self._read_entry(items, entry, f"{name}[{number}]") for number, entry in enumerate(given)]
        return [entry for entry in read if entry is not UNSET]

    def _read_entry(self, schema: Schema, value: Any, name: str) -> Any:
        """Return an entry of a list in its type; a dictionary with the defaults of the keys that it lacks."""
        read = self.read(schema, value, name)
        sections = get_properties(schema)
        if read is UNSET or sections is None:
            return read
        for key in schema.get("required", []):
            if key not in read:
                self.problems.append(f"{name} has no {key}: {sections[key]['description']}")
        defaults = {key: get_default(sub) for key, sub in sections.items() if key not in schema.get("required", [])}
        return merge_trees(defaults, read)

    def _read_scalar(self, schema: Schema, value: Any, name: str) -> Any:
        try:
            match schema["type"]:
                case "boolean":
                    return to_boolean(value)
                case "integer":
                    return _check_limits(schema, to_integer(value))
                case "number":
                    return _check_limits(schema, to_number(value))
            text = to_text(value)
        except ValueError as error:
            return self._refuse(schema, value, name, str(error))
        if schema.get("writeOnly"):
            return text
        text = text.strip()
        if text not in schema.get("enum", [text]):
            return self._refuse(schema, value, name, f"give one of {', '.join(schema['enum'])}")
        if not re.search(schema.get("pattern", ""), text):
            return self._refuse(schema, value, name, f"{schema['description']} It is to match {schema['pattern']}")
        return text

    def _refuse(self, schema: Schema, value: Any, name: str, advice: str) -> Any:
        scalar = schema["type"] not in ("array", "object")
        shown = "is not of its type" if schema.get("writeOnly") else f"is {format_value(value, wanted_scalar=scalar)}"
        self.problems.append(f"{name} {shown}: {advice}")
        return UNSET


def _check_limits(schema: Schema, number: float) -> float:
    """Return the number if it is within the limits of its schema.

    Raises:
        ValueError: it is not.
    """
    least, most = schema.get("minimum"), schema.get("maximum")
    if (least is None or number >= least) and (most is None or number <= most):
        return number
    kind = "a whole number" if schema["type"] == "integer" else "a number"
    raise ValueError(f"give {kind} " + (f"of at least {least}" if most is None else f"from {least} to {most}"))


def _find_nearest_name(name: str, names: Iterable[str]) -> str:
    """Return which of the names is most like a misspelt one; empty if none is."""
    return next(iter(difflib.get_close_matches(name, list(names), n=1)), "")


def parse_path(term: str) -> Keys:
    """Return the path of a section or setting as a tuple of keys: ``storage.bucket`` gives (storage, bucket).

    Raises:
        ValueError: the schema has no such path.
    """
    path = tuple(term.split("."))
    paths = map_variable_names().values()
    if path not in paths:
        near = _find_nearest_name(term, [".".join(keys) for keys in paths])
        raise ValueError(f"{term} is not a setting" + (f": write {near}" if near else ""))
    return path


def _describe_unknown_names(names: Iterable[str]) -> list[str]:
    """Return a message for each variable ``cosmogony_*`` that is not a setting."""
    known = map_variable_names()
    short = [name.removeprefix(PREFIX) for name in known]
    said = []
    for name in names:
        if name not in known:
            near = _find_nearest_name(to_snake_case(name.removeprefix(PREFIX)), short)
            advice = f"write {PREFIX}{near}" if near else f"name a variable of your own without {PREFIX}"
            said.append(f"{name} is not a setting: {advice}")
    return said


def read_effective_settings(values: Mapping[str, Any], problems: Iterable[str] = ()) -> dict[str, Any]:
    """Return the effective settings of an inventory. Take a copy before you change them.

    Args:
        values: Values by the name of their variable, ``cosmogony_gate`` or ``cosmogony_gate_max_loss_percent``.
        problems: What the caller has found wrong already.

    Raises:
        RefusedSettingsError: something is unknown or cannot be taken; all of it is named.
    """
    schema, known = load_schema(), map_variable_names()
    reader = _SettingsReader()
    tree: dict[str, Any] = {}
    for name in sorted(values.keys() & known.keys(), key=lambda name: len(known[name])):  # sections before settings
        read = reader.read(find_schema(known[name], schema), values[name], name)
        if read is not UNSET:
            tree = merge_trees(tree, _make_single_value_tree(known[name], read))
    problems = [*problems, *_describe_unknown_names(values), *reader.problems]
    if problems:
        raise RefusedSettingsError(problems)
    return dict(merge_trees(get_defaults(), tree))


def _make_single_value_tree(keys: Keys, value: Any) -> Any:
    """Return nested dictionaries with the value at the path: keys (a, b) give {a: {b: value}}."""
    for key in reversed(keys):
        value = {key: value}
    return value


def check_and_complete_settings(
    given: Mapping[str, Any], over: Mapping[str, Any] | None = None, prefix: str = ""
) -> dict[str, Any]:
    """Return all settings as a tree: the given ones, checked and typed, over the defaults.

    Args:
        given: Sections and settings, ``{"gate": {"max_loss_percent": 3}}``.
        over: Tree of values for what is not given; defaults apply where it has none.
        prefix: What messages put before the name of a section, such as ``workflows_``.

    Raises:
        RefusedSettingsError: something is unknown or cannot be taken; all of it is named.
    """
    schema, reader = load_schema(), _SettingsReader()
    sections = get_properties(schema) or {}
    tree = dict(get_defaults())
    for layer in (over or {}, given):
        for key, value in layer.items():
            if key not in sections:
                near = _find_nearest_name(to_snake_case(str(key)), sections)
                reader.problems.append(f"{prefix}{key} is not a setting" + (f": write {prefix}{near}" if near else ""))
            elif (read := reader.read(sections[key], value, f"{prefix}{key}")) is not UNSET:
                tree[key] = merge_trees(tree[key], read)
    if reader.problems:
        raise RefusedSettingsError(reader.problems)
    return dict(copy_deeply(tree))
