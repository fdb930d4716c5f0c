# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Steps of a workflow whose phase and progress have not changed for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LONGEST = 3600.0  # seconds at most between two reports of the same step


@dataclass(slots=True)
class _Standstill:
    text: str
    since: float
    due: float  # seconds without a change of the step after which it is reported


class StandstillReporter:
    """Reports steps of a workflow that have not changed for long; remembers since when each has been the same."""

    def __init__(self, limit: float) -> None:
        """Take the limit in seconds; with 0 nothing is reported."""
        self._limit = limit
        self._steps: dict[str, _Standstill] = {}

    def report(self, active: Mapping[str, str], now: float) -> list[str]:
        """Return a line for each step that has not changed for the limit; again after twice that time, and so on.

        Args:
            active: A line for each running step, progress included, by its id.
            now: Seconds of a monotonic clock.
        """
        if not self._limit:
            return []
        lines = []
        steps = {}
        for identifier, text in active.items():
            step = self._steps.get(identifier)
            if step is None or step.text != text:
                step = _Standstill(text, now, self._limit)
            elif now - step.since >= step.due:
                lines.append(f"{text}: no progress for {_format_duration(now - step.since)}")
                step.due = min(2 * step.due, step.due + LONGEST)
            steps[identifier] = step
        self._steps = steps
        return lines


def _format_duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
