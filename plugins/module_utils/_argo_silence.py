# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Steps of a workflow that have not moved for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 3600.0  # seconds until the same is said again


@dataclass(slots=True)
class _Standstill:
    text: str
    since: float
    due: float  # seconds of standing still after which it is said


class Silence:
    """Remembers since when each step has been where it is."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._steps: dict[str, _Standstill] = {}

    def lines(self, at_work: Mapping[str, str], now: float) -> list[str]:
        """Return a line for each step whose text has been the same for the limit, or again for as long.

        `at_work` maps the id of a step to what it is at, progress included; `now` is in seconds. A limit of 0 is none.
        """
        if not self._limit:
            return []
        lines = []
        steps = {}
        for identifier, text in at_work.items():
            step = self._steps.get(identifier)
            if step is None or step.text != text:
                step = _Standstill(text, now, self._limit)
            elif now - step.since >= step.due:
                lines.append(f"{text}: no progress for {_spoken(now - step.since)}")
                step.due = min(2 * step.due, step.due + LONGEST)
            steps[identifier] = step
        self._steps = steps
        return lines


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
