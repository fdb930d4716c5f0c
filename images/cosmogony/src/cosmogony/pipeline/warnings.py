# SPDX-License-Identifier: Apache-2.0
"""What somebody should look at in a source, although a release can be made with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .items import Item

NAMED = 5


def warnings(item: Item, source: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One entry a kind: source, kind, how many, and the first ones by name."""

    def warning(kind: str, count: int, text: str) -> dict[str, Any]:
        return {"source": item.name, "kind": kind, "count": count, "text": text}

    if not source["version"].get("md5"):
        yield warning("no-md5", 1, "no .md5 is published beside the file; only its size was checked")
    if cut := part["incomplete"]:
        named = ", ".join(f"{relation['osm_id']} {relation['name']}" for relation in cut[:NAMED])
        yield warning("incomplete", len(cut), f"boundaries of its own country lack members: {_some(named, len(cut))}")
    if part.get("broken"):
        named = "; ".join(part.get("broken_areas", [])[:NAMED])
        yield warning("broken", part["broken"], f"borders that are not clean: {_some(named, part['broken'])}")


def _some(named: str, count: int) -> str:
    return f"{named} and {count - NAMED} more" if count > NAMED else named
