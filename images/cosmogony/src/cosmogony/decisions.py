# SPDX-License-Identifier: Apache-2.0
"""Record the decisions about one object of a run, for `cosmogony explain`."""

from __future__ import annotations


class Decisions:
    """The decisions about one object (`relation:62273`, `node:12`), in the order they were taken.

    Without an object nothing is recorded. Callers ask `is_recorded` before they make a costly text.
    """

    def __init__(self, osm_id: str | None = None) -> None:
        self._osm_id = osm_id
        self.lines: list[tuple[str, str]] = []  # subject, text

    def is_recorded(self, osm_id: str) -> bool:
        """Return whether decisions about this object are kept."""
        return osm_id == self._osm_id

    def record(self, osm_id: str, subject: str, text: str) -> None:
        """Keep a decision if it is about the object of the run.

        Args:
            osm_id: the object that it is about.
            subject: what was decided, such as `border` or `parent`.
            text: the decision and its reason.
        """
        if osm_id == self._osm_id:
            self.lines.append((subject, text))
