# SPDX-License-Identifier: Apache-2.0
"""Reads meta/settings.schema.yml for what is made of it."""

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
class Entry:
    """A setting, or a section of settings, by its path in the schema."""

    path: tuple[str, ...]
    schema: dict[str, Any]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path[-1]

    @property
    def description(self) -> str:
        """What it means."""
        return str(self.schema["description"])

    @property
    def is_section(self) -> bool:
        """Whether it holds settings, and is none itself."""
        return self.schema["type"] == "object" and "properties" in self.schema


class Schema:
    """The settings in their order."""

    def __init__(self, path: Path) -> None:
        self._text = path.read_text(encoding="utf-8")
        self._document: dict[str, Any] = yaml.safe_load(self._text)

    def entries(self, parent: Entry | None = None) -> Iterator[Entry]:
        """Yield what stands directly below a section; without one, below the root."""
        schema = parent.schema if parent else self._document
        for name, child in schema["properties"].items():
            yield Entry((*(parent.path if parent else ()), name), self._resolve(child))

    def settings(self, parent: Entry | None = None) -> Iterator[Entry]:
        """Yield all settings below a section, those of its sections included."""
        for entry in self.entries(parent):
            if entry.is_section:
                yield from self.settings(entry)
            else:
                yield entry

    def groups(self) -> dict[str, list[Entry]]:
        """Return the entries below the root by the comment that stands above them."""
        heading, headings = "", {}
        for line in self._text.splitlines():
            if found := _HEADING.match(line):
                heading = found["text"]
            elif found := _KEY.match(line):
                headings[found["name"]] = heading
        groups: dict[str, list[Entry]] = {}
        for entry in self.entries():
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
