# SPDX-License-Identifier: Apache-2.0
"""Countries that the tags of an object name by ISO 3166 codes."""

from __future__ import annotations

import re
from collections.abc import Mapping

COUNTRY_TAG = "ISO3166-1:alpha2"
SUBDIVISION_TAG = "ISO3166-2"
_CODE = re.compile("[A-Z]{2}")
_SUBDIVISION = re.compile("([A-Z]{2})-[A-Z0-9]{1,3}")


def find_country_code(tags: Mapping[str, str]) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country, in upper case; None without a valid one."""
    return _normalize_code(tags.get(COUNTRY_TAG, ""))


def _normalize_code(text: str) -> str | None:
    code = text.strip()
    return code.upper() if code.isascii() and _CODE.fullmatch(code.upper()) else None


def has_invalid_code(tags: Mapping[str, str]) -> bool:
    """Return whether there is a country code, but no valid one."""
    return bool(tags.get(COUNTRY_TAG, "").strip()) and find_country_code(tags) is None


def find_named_country(tags: Mapping[str, str]) -> str | None:
    """Return the country that a zone's codes name: its own, or that of a subdivision (ISO 3166-2)."""
    code = find_country_code(tags) or _normalize_code(tags.get("ISO3166-1", ""))
    if code is not None:
        return code
    subdivision = _SUBDIVISION.fullmatch(tags.get(SUBDIVISION_TAG, "").strip().upper())
    return subdivision[1] if subdivision else None
