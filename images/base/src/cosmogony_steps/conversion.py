# SPDX-License-Identifier: Apache-2.0
"""Convert plain JSON values to typed ones, with messages for people. Needs the extra `documents`."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import TypeVar

import msgspec

T = TypeVar("T")

# The first use of a type by two threads at the same time crashes msgspec 0.22: it uses fields that are not filled yet.
_LOCK = threading.Lock()


class MismatchError(ValueError):
    """A value does not fit the type; the message names its path and what was found."""


def convert_value(data: object, kind: type[T], noun: str = "field", *, strict: bool = True) -> T:
    """Convert plain JSON values to an object of a type, with checks.

    Args:
        data: the plain values.
        kind: the type.
        noun: what messages call a value, such as `setting`.
        strict: refuse numbers and booleans that are given as text.

    Raises:
        MismatchError: a value is missing, has another type, or is beyond its limits.
    """
    try:
        with _LOCK:
            return msgspec.convert(data, kind, strict=strict)
    except msgspec.ValidationError as cause:
        text, _, path = str(cause).partition(" - at `")
        path = path.rstrip("`").removeprefix("$").removeprefix(".")
        raise MismatchError(_describe_problem(text, path, data, noun)) from cause


def describe_value(value: object) -> str:
    """Return a JSON value as text for a message; long text is shortened."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:60]}…"


def _describe_problem(text: str, path: str, data: object, noun: str) -> str:
    """Return why msgspec refused a value: the path, what was expected there and what was found."""
    missing = text.removeprefix("Object missing required field ")
    if missing != text:
        return f"{noun} {'.'.join(part for part in (path, missing.strip('`')) if part)} is missing"
    return f"{noun} {path or '(all)'}: {text[:1].lower()}{text[1:].replace('`', '')}, found {_find_value(data, path)}"


def _find_value(data: object, path: str) -> str:
    value = data
    for step in re.findall(r"\[[^\]]*\]|[^.\[]+", path):
        if step == "[...]":
            return "that in one of its entries"
        if step.startswith("[") and isinstance(value, list | tuple):
            value = value[int(step.strip("[]"))]
        elif isinstance(value, Mapping):
            value = value[step]
    return describe_value(value)
