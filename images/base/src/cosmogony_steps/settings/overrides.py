# SPDX-License-Identifier: Apache-2.0
"""Settings that the command line overrides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..errors import UsageError
from .model import Settings


def apply_overrides(settings: Settings, assignments: Sequence[str]) -> Settings:
    """Return the settings with other values.

    Args:
        settings: where the rest comes from.
        assignments: path and value, such as `gate.max_loss_percent=3`; a list is text with commas, or JSON.

    Raises:
        UsageError: there is no such setting, or the value is wrong.
    """
    if not assignments:
        return settings
    document = settings.to_json()
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"--set {assignment}: give a name and a value, such as gate.max_loss_percent=3")
        _assign(document, path.strip(), text.strip())
    return Settings.from_json(document, "--set", strict=False)


def _assign(document: dict[str, Any], path: str, text: str) -> None:
    *sections, name = path.split(".")
    section: Any = document
    for part in sections:
        section = section.get(part) if isinstance(section, dict) else None
    if not isinstance(section, dict) or name not in section or path == "format":
        raise UsageError(f"--set: setting {path} is unknown; docs/reference/settings.md lists them")
    if isinstance(section[name], dict):
        raise UsageError(f"--set: {path} is a section; name one of its settings: {', '.join(section[name])}")
    section[name] = _parse_list(text, path) if isinstance(section[name], list) else text


def _parse_list(text: str, path: str) -> object:
    if not text.startswith("["):
        return [word.strip() for word in text.split(",") if word.strip()]
    try:
        return json.loads(text)
    except ValueError as cause:
        raise UsageError(f"--set: setting {path} is not JSON ({cause}); give a list, or text with commas") from cause
