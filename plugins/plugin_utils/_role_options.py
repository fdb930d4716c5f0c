# SPDX-License-Identifier: Apache-2.0
"""Options of the roles of this collection: their defaults, and values converted to the type of the default."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ._schema import LOADER, Keys, get_properties, load_schema
from ._settings import check_and_complete_settings, parse_path
from ._values import format_value, is_list, to_boolean, to_dictionary, to_integer, to_list, to_number, to_text
from ._variables import trust_templates

SETTING = re.compile(r"\{\{ lookup\('cosmogony\.stack\.settings', '([a-z_.]+)'\) \}\}")
COLLECTION = Path(__file__).resolve().parents[2]


def find_role(name: str) -> Path:
    """Return the folder of a role of this collection, or of another one: `NAMESPACE.COLLECTION.ROLE`.

    Raises:
        ValueError: the collection is not installed.
    """
    collection, _, role = name.rpartition(".")
    if not collection:
        return COLLECTION / "roles" / role
    try:
        package = importlib.import_module(f"ansible_collections.{collection}")
    except ModuleNotFoundError as error:
        raise ValueError(
            f"the role {name} is not there: the collection {collection} is not installed. "
            f"Install it (ansible-galaxy collection install {collection}), or correct the name."
        ) from error
    return Path(package.__path__[0]) / "roles" / role


@functools.cache
def read_role_defaults(role: Path) -> Mapping[str, Any]:
    """Read the defaults of a role; templates in them are trusted as those of any role are."""
    text = (role / "defaults/main.yml").read_text(encoding="utf-8")
    return dict(trust_templates(yaml.load(text, Loader=LOADER)))  # noqa: S506  # a safe loader


def find_settings_as_defaults(defaults: Mapping[str, Any]) -> dict[str, Keys]:
    """Return the path of the setting for each option whose default is just a setting, to be read without Jinja."""
    found = {name: SETTING.fullmatch(default) for name, default in defaults.items() if isinstance(default, str)}
    return {name: parse_path(match[1]) for name, match in found.items() if match}


def convert_option(role: str, option: str, value: Any, default: Any) -> Any:
    """Return an option's value in the type of its default; a section of the settings with all its defaults filled in.

    Raises:
        ValueError: the value does not fit.
    """
    section = load_schema()["properties"].get(option)
    if isinstance(default, Mapping) and section and default.keys() == (get_properties(section) or {}).keys():
        return check_and_complete_settings({option: value}, {option: default}, f"{role}_")[option]
    return _convert_to_type_of(value, default)


def _convert_to_type_of(value: Any, default: Any) -> Any:
    """Convert a value to the type of the default; for a default that is text a list or dictionary stays unchanged.

    Raises:
        ValueError: the value does not fit; says what it is and what to give.
    """
    try:
        match default:
            case bool():
                return to_boolean(value)
            case int():
                return to_integer(value)
            case float():
                return to_number(value)
            case Mapping():
                return to_dictionary(value)
            case str():
                return value if is_list(value) or isinstance(value, Mapping) else to_text(value)
        if is_list(default):
            return to_list(value, commas=not any(isinstance(entry, Mapping) for entry in default))
    except ValueError as error:
        raise ValueError(
            f"is {format_value(value, wanted_scalar=isinstance(default, int | float | str))}: {error}"
        ) from None
    return value
