# SPDX-License-Identifier: Apache-2.0
"""Settings as a document: read with checks, written as plain JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Self, get_args, get_type_hints

import msgspec

from .. import conversion
from ..errors import UsageError

PATH: Final = Path("/etc/cosmogony/settings.json")  # the ConfigMap cosmogony-settings, as pods of steps mount it


class SettingsDocument:
    """Base of the generated class `Settings`: reads and writes the settings document."""

    __slots__ = ()

    FORMAT: ClassVar[int] = 1  # rises when a reader of the format before would misunderstand a setting

    @classmethod
    def load(cls, path: Path | None = None, *, only: str = "") -> Self:
        """Read the settings from a file. If it does not exist, all settings have their defaults.

        Args:
            path: of the file, by default `PATH`.
            only: a section; all others are not checked and have their defaults.

        Raises:
            UsageError: the file cannot be read, or `from_json` refuses its content.
        """
        path = path or PATH
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as cause:
            raise UsageError(f"{path} cannot be read ({cause}); run role workflows, which writes it") from cause
        try:
            data = json.loads(text)
        except ValueError as cause:
            raise UsageError(f"{path} is not JSON ({cause}); run role workflows, which writes it") from cause
        if only and isinstance(data, Mapping):
            data = {name: value for name, value in data.items() if name in ("format", only)}
        return cls.from_json(data, str(path))

    @classmethod
    def from_json(cls, data: object, where: str, *, strict: bool = True) -> Self:
        """Convert a parsed JSON document to settings; missing settings have their defaults.

        Args:
            data: the document; without a key `format` it has the current format.
            where: where it was read, for messages.
            strict: refuse numbers and booleans that are given as text.

        Raises:
            UsageError: a newer version wrote it, a setting is unknown, or has a wrong type or value.
        """
        if not isinstance(data, Mapping):
            raise UsageError(f"{where}: a JSON object is expected, found {conversion.describe_value(data)}")
        number = data.get("format", cls.FORMAT)
        if not isinstance(number, int) or isinstance(number, bool):
            raise UsageError(f"{where}: format is {conversion.describe_value(number)}, a whole number is expected")
        if number > cls.FORMAT:
            raise UsageError(
                f"{where} has format {number}, this program reads up to {cls.FORMAT}: a newer version wrote it; deploy"
                " images of that version"
            )
        settings = {name: value for name, value in data.items() if name != "format"}
        if unknown := list(_find_unknown(settings, cls)):
            raise UsageError(
                f"{where}: setting {', '.join(unknown)} is unknown to this program; correct the name, or deploy images"
                " of the version that wrote it"
            )
        try:
            return conversion.convert_value(settings, cls, "setting", strict=strict)
        except conversion.MismatchError as cause:
            raise UsageError(f"{where}: {cause}") from cause

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain JSON values."""
        return {"format": self.FORMAT, **msgspec.json.decode(msgspec.json.encode(self))}


def _find_unknown(data: object, kind: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of keys that the type has no field for, because msgspec ignores them."""
    if not is_dataclass(kind):
        for item_kind in get_args(kind)[:1]:
            for index, item in enumerate(data if isinstance(data, list) else ()):
                yield from _find_unknown(item, item_kind, f"{path}[{index}]")
        return
    known = {field.name for field in fields(kind)}
    hints = get_type_hints(kind)
    for name, value in data.items() if isinstance(data, Mapping) else ():
        here = f"{path}.{name}" if path else str(name)
        if name in known:
            yield from _find_unknown(value, hints[name], here)
        else:
            yield here
