# SPDX-License-Identifier: Apache-2.0
"""Records because of which a load refuses its file: invalid ones, and ids that occur twice."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from cosmogony_steps.errors import StepError

MAX_NAMED = 20


class RefusedRecord(NamedTuple):
    """A record for which a file is refused: its number in the file, its osm_id if it is known, and the reason."""

    number: int
    osm_id: str | None
    reason: str


by_number = attrgetter("number")


class Refusals:
    """Collects refused records: the first ones for the message, the number of the others."""

    def __init__(self, name: str, unit: str) -> None:
        """Start without refused records.

        Args:
            name: of the file, for the message.
            unit: what the numbers of records count, `line` or `zone`.
        """
        self._name, self._unit = name, unit
        self._first: list[RefusedRecord] = []
        self._ids, self._numbers = array("q"), array("q")  # arrays, because they take only 16 bytes per zone
        self.refused = 0

    def add(self, numbers: Sequence[int], ids: Sequence[int], refused: Sequence[RefusedRecord]) -> None:
        """Add the next records of the file: numbers and ids of the zones, and the refused records."""
        self._ids.extend(ids)
        self._numbers.extend(numbers)
        self._first += refused[: MAX_NAMED - len(self._first)]
        self.refused += len(refused)

    def raise_if_any(self) -> None:
        """Raise an error about the file if a record was refused or an id occurs twice.

        Raises:
            StepError: the file is refused; the message names the first such records.
        """
        repeated = self._find_repeated()
        count = self.refused + len(repeated)
        if not count:
            return
        first = sorted([*self._first, *self._describe_repeated(repeated[:MAX_NAMED])], key=by_number)[:MAX_NAMED]
        more = f"; and {count - MAX_NAMED} more" if count > MAX_NAMED else ""
        raise StepError(
            f"{self._name} is refused: {'; '.join(map(self._describe, first))}{more}. "
            "Nothing was loaded. Correct the file, or make it again"
        )

    def _describe(self, refused: RefusedRecord) -> str:
        osm_id = f" ({refused.osm_id})" if refused.osm_id else ""
        return f"{self._unit} {refused.number}{osm_id}: {refused.reason}"

    def _find_repeated(self) -> npt.NDArray[np.int64]:
        """Return the zones whose id occurred before, and the first zone with that id: indexes of shape (n, 2).

        A row has the index of a zone with a repeated id, and that of the first zone with the same id.
        """
        ids = np.frombuffer(self._ids, dtype=np.int64) if self._ids else np.empty(0, dtype=np.int64)
        order = np.argsort(ids, kind="stable")
        ordered = ids[order]
        again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
        pairs = np.column_stack((order[again], order[np.searchsorted(ordered, ordered[again])]))
        return pairs[np.argsort(pairs[:, 0])]

    def _describe_repeated(self, repeated: npt.NDArray[np.int64]) -> Iterator[RefusedRecord]:
        for again, before in repeated.tolist():
            yield RefusedRecord(
                self._numbers[again],
                None,
                f"it has the id {self._ids[again]} of {self._unit} {self._numbers[before]}",
            )
