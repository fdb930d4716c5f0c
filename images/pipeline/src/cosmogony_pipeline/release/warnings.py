# SPDX-License-Identifier: Apache-2.0
"""Find problems of sources that do not prevent a release, but that somebody should look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cosmogony_steps.documents import SourceWarning, WarningKind

from .markers import ReleasePart

MAX_NAMED = 5


def find_warnings(part: ReleasePart) -> Iterator[SourceWarning]:
    """Yield a warning for each kind of problem of a source, with the number and the first of the objects."""

    def warning(kind: WarningKind, count: int, text: str) -> SourceWarning:
        return SourceWarning(source=part.config.name, kind=kind, count=count, text=text)

    if not part.source.version.md5:
        yield warning(WarningKind.NO_MD5, 1, "no .md5 is published beside the file; only its size was checked")
    if cut := part.zones.incomplete:
        named = [f"{relation.osm_id} {relation.name}" for relation in cut]
        text = f"boundaries of its own country lack members: {_list_first(named, len(cut))}"
        yield warning(WarningKind.INCOMPLETE, len(cut), text)
    for kind in (WarningKind.BROKEN_GEOMETRY, WarningKind.NO_AREA):
        rows = [row for row in part.zones.left_out if row.reason == kind and row.place is None]
        if count := sum(row.count for row in rows):
            named = [osm_id for row in rows for osm_id in row.examples]
            yield warning(kind, count, f"no valid polygon could be made of them: {_list_first(named, count)}")


def _list_first(named: Sequence[str], count: int) -> str:
    return ", ".join(named[:MAX_NAMED]) + (f" and {count - MAX_NAMED} more" if count > MAX_NAMED else "")
