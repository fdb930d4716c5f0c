# SPDX-License-Identifier: Apache-2.0
"""Read country codes (ISO 3166) from the tags of OSM objects."""

from __future__ import annotations

import re
from collections.abc import Mapping

COUNTRY_TAG = "ISO3166-1:alpha2"
SUBDIVISION_TAG = "ISO3166-2"
_CODE = re.compile("[A-Z]{2}")
_SUBDIVISION = re.compile("([A-Z]{2})-[A-Z0-9]{1,3}")


def find_country_code(tags: Mapping[str, str]) -> str | None:
    """Return the ISO 3166-1 alpha-2 code in the tags of a country, in upper case; None without a valid one."""
    return _normalize_code(tags.get(COUNTRY_TAG, ""))


def _normalize_code(text: str) -> str | None:
    code = text.strip()
    return code.upper() if code.isascii() and _CODE.fullmatch(code.upper()) else None


def has_invalid_code(tags: Mapping[str, str]) -> bool:
    """Return whether the tags have an ISO 3166-1 alpha-2 code that is not two letters."""
    return bool(tags.get(COUNTRY_TAG, "").strip()) and find_country_code(tags) is None


def find_country_code_or_that_of_subdivision(tags: Mapping[str, str]) -> str | None:
    """Return the country code in the tags of a country (ISO 3166-1) or subdivision (ISO 3166-2); None without."""
    code = find_country_code(tags) or _normalize_code(tags.get("ISO3166-1", ""))
    if code is not None:
        return code
    subdivision = _SUBDIVISION.fullmatch(tags.get(SUBDIVISION_TAG, "").strip().upper())
    return subdivision[1] if subdivision else None
