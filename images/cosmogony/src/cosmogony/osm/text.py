# SPDX-License-Identifier: Apache-2.0
"""Clean names: one blank between words, no control characters, no text direction that affects later text."""

from __future__ import annotations

import unicodedata

# Unicode Standard Annex 9: embeddings and overrides end with PDF, isolates with PDI.
_EMBEDDINGS = frozenset("\u202a\u202b")
_OVERRIDES = frozenset("\u202d\u202e")
_POP_EMBEDDING = "\u202c"
_ISOLATES = frozenset("\u2066\u2067\u2068")
_POP_ISOLATE = "\u2069"
_DIRECTIONS = _EMBEDDINGS | _OVERRIDES | _ISOLATES | {_POP_EMBEDDING, _POP_ISOLATE}
_JOINERS = frozenset("\u200c\u200d")  # invisible characters that Persian and Indic words need
_MARKS = frozenset("\u200e\u200f\u061c")  # invisible characters that set the text direction at one position only
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters and signs that look like blanks


def clean_text(text: str) -> str:
    """Return a name without superfluous blanks and control characters; blank if no character is visible."""
    plain = text.isprintable() and text == text.strip(" ") and "  " not in text
    if plain and text[:1].isalnum() and text[0] not in _FILLERS:
        return text
    kept = _drop_unbalanced(text) if not _DIRECTIONS.isdisjoint(text) else text
    words = "".join(_replace_invisible(letter) for letter in kept).split()
    joined = " ".join(words)
    return joined if any(_is_visible(letter) for letter in joined) else ""


def _is_visible(letter: str) -> bool:
    """Return whether a character is visible by itself: a letter, digit, sign or punctuation mark."""
    return unicodedata.category(letter)[0] in "LNPS" and letter not in _FILLERS


def _replace_invisible(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Cc", "Zs", "Zl", "Zp"):
        return " "
    if category in ("Cf", "Cn", "Cs") and letter not in _JOINERS | _MARKS | _DIRECTIONS:
        return ""
    return letter


def _drop_unbalanced(text: str) -> str:
    """Return the text without overrides of direction, and without direction characters that have no partner."""
    drop = set()
    opened: list[int] = []
    for position, letter in enumerate(text):
        if letter in _EMBEDDINGS or letter in _OVERRIDES or letter in _ISOLATES:
            opened.append(position)
        elif letter == _POP_EMBEDDING:
            if opened and text[opened[-1]] not in _ISOLATES:
                begin = opened.pop()
                if text[begin] in _OVERRIDES:
                    drop |= {begin, position}
            else:
                drop.add(position)
        elif letter == _POP_ISOLATE:
            while opened and text[opened[-1]] not in _ISOLATES:
                drop.add(opened.pop())
            if opened:
                opened.pop()
            else:
                drop.add(position)
    drop |= set(opened)
    return "".join(letter for position, letter in enumerate(text) if position not in drop)
