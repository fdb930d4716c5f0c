# SPDX-License-Identifier: Apache-2.0
"""The query string of a request under /v1, checked strictly: every parameter is known, given once and of its type."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import parse_qsl

import msgspec
from werkzeug.exceptions import BadRequest

MAX_PARAMETERS = 32

T = TypeVar("T")


def parse_query(query: bytes, kind: type[T]) -> T:
    """Return the values of a query string as an object of a struct type.

    A list is one parameter, its members separated by commas. A parameter without a value counts as absent.

    Raises:
        BadRequest: names the parameter and says what is wrong.
    """
    given = _split(query)
    fields = _list_fields(cast(Hashable, kind))
    if unknown := [name for name in given if name not in fields]:
        known = ", ".join(fields) or "none"
        raise BadRequest(f"Unknown parameter {unknown[0]!r}; this address takes: {known}")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in given:
            values[name] = _convert(field, given[name])
        elif field.required:
            raise BadRequest(f"Parameter {name} is missing")
    return kind(**values)


def decode_text(raw: bytes, what: str) -> str:
    """Return bytes of a URL as text.

    Raises:
        BadRequest: they are not UTF-8, or contain NUL, which the database cannot compare.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise BadRequest(f"{what} is not UTF-8") from None
    if "\0" in text:
        raise BadRequest(f"{what} contains the character NUL")
    return text


def _split(query: bytes) -> dict[str, str]:
    text = decode_text(query, "The query string")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except UnicodeDecodeError:
        raise BadRequest("The query string is not UTF-8") from None
    except ValueError:
        raise BadRequest(f"More than {MAX_PARAMETERS} parameters") from None
    if any("\0" in part for pair in pairs for part in pair):
        raise BadRequest("The query string contains the character NUL")
    names = [name for name, _ in pairs]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise BadRequest(f"Parameter {repeated[0]!r} is given more than once; separate several values by commas")
    return {name: value for name, value in pairs if value}


class _Field(NamedTuple):
    name: str
    type: Any
    is_list: bool
    required: bool


@cache
def _list_fields(kind: Any) -> dict[str, _Field]:
    return {
        field.name: _Field(field.name, field.type, _is_list(msgspec.inspect.type_info(field.type)), field.required)
        for field in msgspec.structs.fields(kind)
    }


def _convert(field: _Field, value: str) -> Any:
    try:
        return msgspec.convert(value.split(",") if field.is_list else value, field.type, strict=False)
    except msgspec.ValidationError as error:
        shown = value if len(value) <= 100 else f"{value[:100]}…"
        raise BadRequest(f"Parameter {field.name} is {shown!r}: {str(error).replace(' - at `$`', '')}") from None


def _is_list(kind: msgspec.inspect.Type) -> bool:
    if isinstance(kind, msgspec.inspect.Metadata):
        return _is_list(kind.type)
    if isinstance(kind, msgspec.inspect.UnionType):
        return any(map(_is_list, kind.types))
    return isinstance(kind, msgspec.inspect.ListType)
