# SPDX-License-Identifier: Apache-2.0
"""The zones because of which a merge refuses its files."""

from __future__ import annotations

from ..errors import CosmogonyError

MAX_NAMED = 20


class Refusals:
    """Collects refused zones, for an error that names the first `MAX_NAMED` and counts the others."""

    def __init__(self) -> None:
        self._named: list[str] = []
        self._count = 0

    def add(self, text: str) -> None:
        """Add a refused zone; `text` names the zone and the reason."""
        self._count += 1
        if self._count <= MAX_NAMED:
            self._named.append(text)

    def raise_if_any(self) -> None:
        """Raise an error if a zone was refused.

        Raises:
            CosmogonyError: names the refused zones.
        """
        if not self._count:
            return
        more = f"; and {self._count - MAX_NAMED} more" if self._count > MAX_NAMED else ""
        raise CosmogonyError(
            f"{self._count} {'zones are' if self._count > 1 else 'zone is'} refused: {'; '.join(self._named)}{more}. "
            "Nothing was written. Correct the input, or make it again."
        )
