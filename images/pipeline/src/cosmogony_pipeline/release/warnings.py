# SPDX-License-Identifier: Apache-2.0
"""What somebody should look at in a source, although a release can be made with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cosmogony_steps.documents import SourceWarning, WarningKind

from .parts import Part

NAMED = 5


def find_warnings(part: Part) -> Iterator[SourceWarning]:
    """Yield a warning for each kind: how many, and the first ones by name."""

    def warning(kind: WarningKind, count: int, text: str) -> SourceWarning:
        return SourceWarning(source=part.config.name, kind=kind, count=count, text=text)

    if not part.source.version.md5:
        yield warning(WarningKind.NO_MD5, 1, "no .md5 is published beside the file; only its size was checked")
    if cut := part.zones.incomplete:
        named = [f"{relation.osm_id} {relation.name}" for relation in cut]
        text = f"boundaries of its own country lack members: {_some(named, len(cut))}"
        yield warning(WarningKind.INCOMPLETE, len(cut), text)
    for kind in (WarningKind.BROKEN_GEOMETRY, WarningKind.NO_AREA):
        rows = [row for row in part.zones.left_out if row.reason == kind and row.place is None]
        if count := sum(row.count for row in rows):
            named = [osm_id for row in rows for osm_id in row.examples]
            yield warning(kind, count, f"no valid polygon could be made of them: {_some(named, count)}")


def _some(named: Sequence[str], count: int) -> str:
    return ", ".join(named[:NAMED]) + (f" and {count - NAMED} more" if count > NAMED else "")
