# SPDX-License-Identifier: Apache-2.0
"""Override settings by the option --set NAME=VALUE of a command."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import UsageError
from ..value_parsing import parse_boolean
from .model import Settings


def apply_overrides(settings: Settings, assignments: Sequence[str]) -> Settings:
    """Return the settings, with the values of the options --set NAME=VALUE in place.

    Args:
        settings: the settings to change.
        assignments: path and value, such as `gate.max_loss_percent=3`; a list is text with commas, or JSON.

    Raises:
        UsageError: there is no such setting, or the value is wrong.
    """
    known = settings.to_json()
    given: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set {assignment}: give a name and a value, such as gate.max_loss_percent=3")
        _assign(given, known, path.strip(), text.strip())
    changed: Settings = _replace(settings, Settings.from_json(given, "--set", strict=False), given)
    return changed


def _assign(given: dict[str, Any], known: Any, path: str, text: str) -> None:
    """Add a value to the nested dictionary `given`; `known` holds all settings with their current values."""
    *sections, name = path.split(".")
    for section in sections:
        known = known.get(section) if isinstance(known, dict) else None
        given = given.setdefault(section, {})
    if not isinstance(known, dict) or name not in known or path == "format":
        raise UsageError(f"--set: setting {path} is unknown; docs/reference/settings.md lists them")
    if isinstance(known[name], dict):
        raise UsageError(f"--set: {path} is a section; name one of its settings: {', '.join(known[name])}")
    given[name] = _parse(text, known[name], path)


def _replace(settings: Any, other: Any, names: Mapping[str, Any]) -> Any:
    """Return the settings with the named values taken from `other`."""
    values = {
        name: _replace(getattr(settings, name), getattr(other, name), below)
        if isinstance(below, Mapping)
        else getattr(other, name)
        for name, below in names.items()
    }
    return replace(settings, **values)


def _parse(text: str, before: object, path: str) -> object:
    if isinstance(before, bool):
        return parse_boolean(text, f"--set: setting {path}")
    if not isinstance(before, list):
        return text
    if not text.startswith("["):
        return [word.strip() for word in text.split(",") if word.strip()]
    try:
        return json.loads(text)
    except ValueError as cause:
        raise UsageError(f"--set: setting {path} is not JSON ({cause}); give a list, or text with commas") from cause
