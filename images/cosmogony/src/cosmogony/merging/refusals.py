# SPDX-License-Identifier: Apache-2.0
"""Zones that make a run refuse its input."""

from __future__ import annotations

from ..errors import CosmogonyError

NAMED = 20


class Refusals:
    """The first refused zones are named, the others counted."""

    def __init__(self) -> None:
        self._named: list[str] = []
        self._count = 0

    def add(self, text: str) -> None:
        """Refuse one zone; the text says which, and why."""
        self._count += 1
        if self._count <= NAMED:
            self._named.append(text)

    def check(self) -> None:
        """Raise when a zone was refused."""
        if not self._count:
            return
        more = f"; and {self._count - NAMED} more" if self._count > NAMED else ""
        raise CosmogonyError(
            f"{self._count} {'zones are' if self._count > 1 else 'zone is'} refused: {'; '.join(self._named)}{more}. "
            "Nothing was written. Correct the input, or make it again."
        )
