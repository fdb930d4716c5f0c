# SPDX-License-Identifier: Apache-2.0
"""What somebody should look at in a source, although a release can be made with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cosmogony.findings import LeftOut

from .items import Item

NAMED = 5


def warnings(item: Item, source: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One entry a kind: source, kind, how many, and the first ones by name."""

    def warning(kind: str, count: int, text: str) -> dict[str, Any]:
        return {"source": item.name, "kind": kind, "count": count, "text": text}

    if not source["version"].get("md5"):
        yield warning("no-md5", 1, "no .md5 is published beside the file; only its size was checked")
    if cut := part["incomplete"]:
        named = [f"{relation['osm_id']} {relation['name']}" for relation in cut]
        yield warning("incomplete", len(cut), f"boundaries of its own country lack members: {_some(named, len(cut))}")
    for reason in (LeftOut.BROKEN_GEOMETRY, LeftOut.NO_AREA):
        rows = [row for row in part["left_out"] if row["reason"] == reason and row["place"] is None]
        if count := sum(row["count"] for row in rows):
            named = [osm_id for row in rows for osm_id in row["examples"]]
            yield warning(str(reason), count, f"no valid polygon could be made of them: {_some(named, count)}")


def _some(named: Sequence[str], count: int) -> str:
    return ", ".join(named[:NAMED]) + (f" and {count - NAMED} more" if count > NAMED else "")
