# SPDX-License-Identifier: Apache-2.0
"""Answers as CSV (RFC 4180): zones and other structs as rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from cosmogony_api.models_v1 import ZoneDetails

CSV_TYPE = "text/csv"
#: Fields of a zone in CSV, in order; the box and the centre become columns of numbers.
ZONE_FIELDS = (
    "id", "osm_id", "name", "label", "zone_type", "admin_level", "country_code", "parent", "wikidata",
    "west", "south", "east", "north", "center_lon", "center_lat",
)  # fmt: skip
_PLAIN = ZONE_FIELDS[:9]


def format_rows(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return rows as lines of CSV; None is an empty field, a list or an object is JSON."""
    text = io.StringIO()
    csv.writer(text).writerows([_to_text(value) for value in row] for row in rows)
    return text.getvalue().encode()


def list_csv_values(zone: ZoneDetails) -> list[Any]:
    """Return the values of a zone in the order of ZONE_FIELDS."""
    plain = [getattr(zone, name) for name in _PLAIN]
    return [*plain, *(zone.bbox or (None,) * 4), *(zone.center or (None,) * 2)]


def format_structs(kind: type[msgspec.Struct], batches: Iterable[Sequence[msgspec.Struct]]) -> Iterator[bytes]:
    """Yield batches of structs as CSV, after a line with the names of their fields."""
    names = kind.__struct_fields__
    yield format_rows([names])
    for batch in batches:
        yield format_rows([getattr(one, name) for name in names] for one in batch)


def _to_text(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict) else value
