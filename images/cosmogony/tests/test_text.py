# SPDX-License-Identifier: Apache-2.0
"""Names as a person would write them."""

from __future__ import annotations

import pytest
from cosmogony.osm.text import clean_text

NO_BREAK, ZERO_WIDTH, MARK = "\u00a0", "\u200b", "\ufeff"


@pytest.mark.parametrize(
    ("tagged", "expected"),
    [
        ("Vaduz", "Vaduz"),
        ("  Vaduz ", "Vaduz"),
        ("Saint  Pierre", "Saint Pierre"),
        ("Tab\tand\r\nline", "Tab and line"),
        (f"Saint{NO_BREAK}Pierre", "Saint Pierre"),
        (f"{MARK}Vaduz{ZERO_WIDTH}", "Vaduz"),
        ("\x00\x07", ""),
        ("   ", ""),
        (f"{NO_BREAK}{ZERO_WIDTH}", ""),
        ("\u200e\u200f", ""),
        ("\u202e", ""),
        ("\u3164", ""),
        ("\u2800\ufe0f", ""),
        ("\u0301", ""),
        ("'s-Gravenhage", "'s-Gravenhage"),
        ("نیم\u200cفاصله", "نیم\u200cفاصله"),  # Persian words need the joiner
        ("क\u094d\u200dष", "क\u094d\u200dष"),
        ("\u202eHaifa", "Haifa"),
        ("\u202eHaifa\u202c", "Haifa"),  # an override turns letters around: never a name
        ("\u202aHaifa\u202c (A)", "\u202aHaifa\u202c (A)"),
        ("\u202aHaifa", "Haifa"),
        ("Haifa\u202c", "Haifa"),
        ("\u2067Haifa\u2069", "\u2067Haifa\u2069"),
        ("\u2067Haifa", "Haifa"),
        ("Haifa\u2069 x", "Haifa x"),
        ("\u2067\u202aHaifa\u2069", "\u2067Haifa\u2069"),
    ],
)
def test_clean_text(tagged: str, expected: str) -> None:
    assert clean_text(tagged) == expected
    assert clean_text(expected) == expected
