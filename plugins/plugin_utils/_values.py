# SPDX-License-Identifier: Apache-2.0
"""Converts values from inventories, surveys and command lines, which may be blank or text, to their types."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
FALSE = frozenset({"false", "no", "off", "n", "f", "0"})


def is_blank(value: Any) -> bool:
    """Return whether a value counts as not given: null, or text without a visible character."""
    return value is None or (isinstance(value, str) and not value.strip())


def copy_without_blanks(value: Any) -> Any:
    """Return a copy of a value in which no dictionary and no list has a blank entry."""
    if isinstance(value, Mapping):
        return {key: copy_without_blanks(entry) for key, entry in value.items() if not is_blank(entry)}
    if is_list(value):
        return [copy_without_blanks(entry) for entry in value if not is_blank(entry)]
    return value


def to_snake_case(name: str) -> str:
    """Return a name such as storageClass as storage_class."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def is_list(value: Any) -> bool:
    """Return whether a value is a list or another sequence, but not text."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def to_boolean(value: Any) -> bool:
    """Convert a boolean that may be given as text.

    Raises:
        ValueError: the value is neither true nor false.
    """
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower() if isinstance(value, str | int) else ""
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    raise ValueError("give true or false")


def to_integer(value: Any) -> int:
    """Convert a whole number that may be given as text.

    Raises:
        ValueError: the value is not a whole number.
    """
    number = to_number(value, "give a whole number")
    if number != int(number):
        raise ValueError("give a whole number")
    return int(number)


def to_number(value: Any, advice: str = "give a number") -> int | float:
    """Convert a number that may be given as text; a whole one stays whole.

    Raises:
        ValueError: the value is not a finite number.
    """
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        for kind in (int, float):
            try:
                number = kind(value) if isinstance(value, str) else value
            except ValueError:
                continue
            if math.isfinite(number):
                return number
    raise ValueError(advice)


def to_text(value: Any) -> str:
    """Convert a number to text; text stays unchanged.

    Raises:
        ValueError: the value is not text. YAML reads an unquoted ``no`` or ``on`` as a boolean.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        raise ValueError("give text, in quotes")
    if isinstance(value, int | float):
        return str(value)
    raise ValueError("give text")


def _parse_json_of_kind(text: str, kind: type) -> Any:
    """Return the value of JSON text if it is an instance of ``kind``, otherwise None."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, kind) else None


def to_list(value: Any, *, commas: bool) -> list[Any]:
    """Convert a list that may be given as JSON text or, with ``commas``, as text with commas between its entries.

    Raises:
        ValueError: the value is not a list.
    """
    if is_list(value):
        return list(value)
    if isinstance(value, str):
        entries = _parse_json_of_kind(value, list)
        if entries is not None:
            return list(entries)
        if commas and not value.lstrip().startswith(("[", "{")):
            return [entry.strip() for entry in value.split(",") if entry.strip()]
    raise ValueError(
        "give a list" + (", or its entries with commas between them" if commas else ", or one as JSON text")
    )


def to_dictionary(value: Any) -> dict[str, Any]:
    """Convert a dictionary that may be given as JSON text.

    Raises:
        ValueError: the value is not a dictionary.
    """
    if isinstance(value, str):
        value = _parse_json_of_kind(value, dict)
    if not isinstance(value, Mapping):
        raise ValueError("give a dictionary")
    return dict(value)


def format_value(value: Any, *, wanted_scalar: bool = True) -> str:
    """Return a value as text for an error message.

    Of a list, of a dictionary and of text in place of one it is the kind alone, because there may be a secret in it.
    The login in a URL is left out.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a dictionary"
    if is_list(value):
        return "a list"
    return re.sub(r"//[^/@\s]*@", "//…@", str(value)) if wanted_scalar else "text"
