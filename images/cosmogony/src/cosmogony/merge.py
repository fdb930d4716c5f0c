# SPDX-License-Identifier: Apache-2.0
"""Merge files of zones: new ids, each zone once, parents across the files.

The files are read as streams, two or three times: first an index of the zones (their geometries are checked, but not
kept), then the geometries that must be compared, then the records to write. Zones of the same file are never compared
with each other, and bare records (without geometry) are always kept.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from .counts import count_by_type_and_country
from .errors import CosmogonyError
from .files import formats
from .files.gzip_blocks import deflate_block, make_raw_block, write_blocks
from .files.recordfile import MAX_ID, Record, check_and_detect_format, read_numbered_records, read_records
from .merging.checks import GeometryChecks
from .merging.entry import ZoneEntry, get_type_of_parent, make_zone_entry
from .merging.refusals import Refusals
from .merging.reparenting import CrossFileParentFinder
from .progress import Progress, ignore_progress, track_progress
from .runtime.memory import pause_garbage_collection

log = logging.getLogger("cosmogony")

_BLOCK_SIZE = 1 << 20  # bytes of JSON that are compressed together, or a line more
_AREA_TOLERANCE = 1e-9  # most that the areas of equal copies may differ, relative to the area


@dataclass(slots=True)
class MergeResult:
    """What `merge` wrote, left out and changed."""

    zones: int
    by_type: dict[str, int]
    by_country: dict[str, dict[str, int]]  # number of zones by country code and zone type
    dropped: list[dict[str, str]] = field(default_factory=list)  # osm_id, file, and kept: the file whose copy was kept
    reparented: int = 0
    dropped_lines: dict[str, int] = field(default_factory=dict)  # by file, number of lines that are not zones


def merge(
    inputs: Sequence[Path | str],
    output: Path | str,
    *,
    keep_duplicates: bool = False,
    progress: Progress = ignore_progress,
) -> MergeResult:
    """Merge files of zones into one `.jsonl` or `.jsonl.gz` file; lines that are not zones are left out and counted.

    Args:
        inputs: the files, in the order their zones are numbered.
        output: the merged file.
        keep_duplicates: only renumber the zones, as the original does.
        progress: receives the stage, the units done and the units in all (0 if unknown).

    Raises:
        CosmogonyError: a file cannot be read, has an id twice, or has a zone whose geometry is not a polygon with an
            area. Nothing is written then.
    """
    paths, target = [Path(path) for path in inputs], Path(output)
    form = formats.detect_format(target, formats.RECORD_FORMATS)
    if not form.has_lines:
        raise CosmogonyError(f"{target}: merge writes .jsonl or .jsonl.gz only")
    for path in paths:
        check_and_detect_format(path)
    with formats.write_atomically(target) as part, pause_garbage_collection():
        job = _Merge(paths, progress)
        job.read_entries()
        if not keep_duplicates:
            job.drop_copies()
            job.find_parents()
        make_block = deflate_block if form.is_gzipped else make_raw_block
        write_blocks(part, map(make_block, _join_lines(job.make_lines())), gzipped=form.is_gzipped)
        result = job.make_result()
    for name, lines in result.dropped_lines.items():
        log.warning("%s: %d lines are not zones, left out", name, lines)
    for item in result.dropped:
        log.debug("%s of %s left out: %s has it too", item["osm_id"], item["file"], item["kept"])
    log.info(
        "%s: %d zones of %d files, %d copies left out, %d zones with a new parent",
        target,
        result.zones,
        len(paths),
        len(result.dropped),
        result.reparented,
    )
    return result


class _Merge:
    """The state of one merge; `merge` calls its methods in the order they stand here."""

    def __init__(self, paths: Sequence[Path], progress: Progress) -> None:
        self._paths = paths
        self._progress = progress
        self._entries: list[ZoneEntry] = []
        self._offsets: list[int] = []
        self._by_id: dict[int, ZoneEntry] = {}
        self._replacements: dict[int, int] = {}
        self._dropped: list[dict[str, str]] = []
        self._skipped_lines: Counter[str] = Counter()
        self._labels: dict[int, dict[str, Any]] = {}
        self._reparented = 0

    def read_entries(self) -> None:
        """Read an entry of every zone, with its new id, and refuse zones with a wrong geometry or a repeated id."""
        offset = 0
        refusals = Refusals()
        for number, path in enumerate(track_progress(self._paths, "reading zones", self._progress)):
            self._offsets.append(offset)
            offset = self._read_file(number, path, offset, refusals)
        refusals.raise_if_any()
        self._by_id = {entry.id: entry for entry in self._entries}

    def _read_file(self, number: int, path: Path, offset: int, refusals: Refusals) -> int:
        """Read the entries of one file; return what the next file must add to its ids."""
        places: dict[int, str] = {}
        checks = GeometryChecks(path, refusals)
        offset_after = offset
        for place, record in read_numbered_records(path):
            if record is None:
                self._skipped_lines[str(path)] += 1
                continue
            where = f"{place} ({record['osm_id']})"
            before = places.setdefault(record["id"], where)
            if before is not where:
                checks.refuse_zone(where, f"it has the id {record['id']} of {before}")
                continue
            entry = make_zone_entry(record, number, offset)
            self._entries.append(entry)
            checks.add_zone(where, entry, record.get("geometry"))
            # the id of a parent that is missing from its file must not be given to a zone of the next file
            offset_after = max(offset_after, entry.id + 1, 0 if entry.parent is None else entry.parent + 1)
        checks.measure_pending_zones()
        if offset_after > MAX_ID:
            raise CosmogonyError(f"{path}: its ids do not fit in 64 bits after those of the files before it")
        return offset_after

    def drop_copies(self) -> None:
        """Drop all copies of a zone but the one with the largest area; its children get that one as parent."""
        for group in self._find_copies():
            best = group[0]
            for other in group[1:]:
                if self._is_better(other, best):
                    best = other
            for entry in group:
                if entry.file != best.file:
                    entry.kept = False
                    self._replacements[entry.id] = best.id
                    name, kept = str(self._paths[entry.file]), str(self._paths[best.file])
                    self._dropped.append({"osm_id": entry.osm_id, "file": name, "kept": kept})
        for entry in self._entries:
            if entry.kept and entry.parent in self._replacements:
                entry.parent = self._replacements[entry.parent]
                self._reparented += 1

    def _find_copies(self) -> list[list[ZoneEntry]]:
        """Return the zones with geometry that several files have, grouped by osm_id."""
        groups: dict[str, list[ZoneEntry]] = {}
        for entry in self._entries:
            if not entry.lacks_geometry:
                groups.setdefault(entry.osm_id, []).append(entry)
        return [group for group in groups.values() if len({entry.file for entry in group}) > 1]

    def _is_better(self, one: ZoneEntry, two: ZoneEntry) -> bool:
        """Return whether zone `one` has a larger area than `two`, or the same and a parent of a smaller type."""
        if abs(one.area - two.area) > _AREA_TOLERANCE * max(one.area, two.area):
            return one.area > two.area
        return get_type_of_parent(one, self._by_id) < get_type_of_parent(two, self._by_id)

    def _read_again(self, wanted: set[int]) -> Iterator[tuple[ZoneEntry, Record]]:
        """Yield entry and record of the zones with these new ids, read from their files again."""
        if not wanted:
            return
        files = {self._by_id[zone_id].file for zone_id in wanted}
        for number in sorted(files):
            for record in read_records(self._paths[number]):
                if record is not None and record["id"] + self._offsets[number] in wanted:
                    yield self._by_id[record["id"] + self._offsets[number]], record

    def find_parents(self) -> None:
        """Replace parents by closer ones from other files, and make the labels that change."""
        parents = CrossFileParentFinder(self._entries, self._by_id)
        wanted = parents.find_needed_geometries()
        if not wanted:
            return
        for entry, record in self._read_again(wanted):
            parents.add_geometry(entry.id, record)
        changed = parents.choose_parents()
        for child, parent in changed.items():
            self._by_id[child].parent = parent
        self._reparented += len(changed)
        relabel = parents.include_descendants(set(changed))
        for entry, record in self._read_again(parents.include_ancestors(relabel)):
            parents.keep_record_for_labels(entry.id, record)
        self._labels = parents.make_labels(relabel)

    def make_lines(self) -> Iterator[bytes]:
        """Yield the kept zones as lines of JSON, in the order of the files."""
        entries = iter(self._entries)
        for path in track_progress(self._paths, "writing zones", self._progress):
            for record in read_records(path):
                if record is None:
                    continue
                entry = next(entries)
                if entry.kept:
                    record.update(id=entry.id, parent=entry.parent, **self._labels.get(entry.id, {}))
                    yield orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)

    def make_result(self) -> MergeResult:
        """Return the counts of the kept zones, and what was dropped and changed."""
        kept = [entry for entry in self._entries if entry.kept]
        by_type, by_country = count_by_type_and_country(
            (entry.type.record_name, self._find_country(entry)) for entry in kept
        )
        return MergeResult(len(kept), by_type, by_country, self._dropped, self._reparented, dict(self._skipped_lines))

    def _find_country(self, entry: ZoneEntry) -> str:
        seen: set[int] = set()
        above: ZoneEntry | None = entry
        while above is not None and above.country is None and above.id not in seen:
            seen.add(above.id)
            above = None if above.parent is None else self._by_id.get(above.parent)
        return above.country or "" if above is not None else ""


def _join_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines joined into blocks of `_BLOCK_SIZE` bytes or a little more."""
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= _BLOCK_SIZE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
