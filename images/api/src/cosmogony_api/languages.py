# SPDX-License-Identifier: Apache-2.0
"""Languages that a client asks for, as keys of the names in OpenStreetMap."""

from __future__ import annotations

from collections.abc import Iterable


def expand_languages(tags: Iterable[str]) -> list[str]:
    """Return the languages to look for, in order: each tag, then the shorter ones that it contains.

    `zh-hant-TW, fr` gives `zh-Hant-TW, zh-Hant, zh, fr`.
    """
    found: dict[str, None] = {}
    for tag in tags:
        first, *others = tag.split("-")
        parts = [first.lower(), *map(_to_usual_case, others)]
        found.update(dict.fromkeys([tag, *("-".join(parts[:length]) for length in range(len(parts), 0, -1))]))
    return list(found)


def _to_usual_case(subtag: str) -> str:
    # As RFC 5646 recommends: scripts (4 letters) Latn, regions (2 letters) FR.
    return subtag.title() if len(subtag) == 4 else subtag.upper() if len(subtag) == 2 else subtag.lower()
