# SPDX-License-Identifier: Apache-2.0
"""Read meta/settings.schema.yml, from which other files are generated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_HEADING = re.compile(r"^  # (?P<text>.+)$")
_KEY = re.compile(r"^  (?P<name>[a-z_]+):$")


@dataclass(frozen=True)
class SettingEntry:
    """A setting, or a section of settings, by its path in the schema."""

    path: tuple[str, ...]
    schema: dict[str, Any]

    @property
    def name(self) -> str:
        """The name without the section: the last part of the path."""
        return self.path[-1]

    @property
    def description(self) -> str:
        """What the setting or section means, as the schema says it."""
        return str(self.schema["description"])

    @property
    def is_section(self) -> bool:
        """Whether this is a section of settings, not a setting."""
        return self.schema["type"] == "object" and "properties" in self.schema


class SettingsSchema:
    """The settings of meta/settings.schema.yml, in the order of the file."""

    def __init__(self, path: Path) -> None:
        self._text = path.read_text(encoding="utf-8")
        self._document: dict[str, Any] = yaml.safe_load(self._text)

    def list_entries(self, parent: SettingEntry | None = None) -> Iterator[SettingEntry]:
        """Yield the settings and sections directly below a section, or below the root."""
        schema = parent.schema if parent else self._document
        for name, child in schema["properties"].items():
            yield SettingEntry((*(parent.path if parent else ()), name), self._resolve(child))

    def list_settings(self, parent: SettingEntry | None = None) -> Iterator[SettingEntry]:
        """Yield all settings below a section, those of its subsections included."""
        for entry in self.list_entries(parent):
            if entry.is_section:
                yield from self.list_settings(entry)
            else:
                yield entry

    def group_entries(self) -> dict[str, list[SettingEntry]]:
        """Return settings and sections of the first level, by the comment above each group in the file."""
        heading, headings = "", {}
        for line in self._text.splitlines():
            if found := _HEADING.match(line):
                heading = found["text"]
            elif found := _KEY.match(line):
                headings[found["name"]] = heading
        groups: dict[str, list[SettingEntry]] = {}
        for entry in self.list_entries():
            groups.setdefault(headings[entry.name], []).append(entry)
        return groups

    def _resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema in place of a reference; a default beside the reference is spread over its settings."""
        if "$ref" not in schema:
            return schema
        named = self._document["$defs"][schema["$ref"].rpartition("/")[2]]
        defaults = schema.get("default", {})
        properties = {
            name: {**child, **({"default": defaults[name]} if name in defaults else {})}
            for name, child in named["properties"].items()
        }
        return {**named, "properties": properties}
