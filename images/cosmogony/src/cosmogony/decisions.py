# SPDX-License-Identifier: Apache-2.0
"""Record why one OSM object became a zone or did not, for `cosmogony explain`."""

from __future__ import annotations


class Decisions:
    """The decisions about one OSM object (`relation:62273`, `node:12`), in the order they were taken.

    Without an object nothing is recorded. Callers ask `is_recorded` before they make a costly text.
    """

    def __init__(self, osm_id: str | None = None) -> None:
        self._osm_id = osm_id
        self.lines: list[tuple[str, str]] = []  # subject and text of each decision

    def is_recorded(self, osm_id: str) -> bool:
        """Return whether this is the object whose decisions are recorded."""
        return osm_id == self._osm_id

    def record(self, osm_id: str, subject: str, text: str) -> None:
        """Record a decision if it is about the object whose decisions are recorded; ignore it otherwise.

        Args:
            osm_id: the object that it is about.
            subject: what was decided, such as `border` or `parent`.
            text: the decision and its reason.
        """
        if osm_id == self._osm_id:
            self.lines.append((subject, text))
