# SPDX-License-Identifier: Apache-2.0
"""Attribution of the zones, as a map shows it."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Credit:
    """One name, with the page that says more about it if there is one."""

    text: str
    url: str = ""

    def html(self) -> str:
        """Return the name as HTML; nothing in it is markup."""
        text = html.escape(self.text)
        return f'<a href="{html.escape(self.url)}" target="_blank" rel="noopener">{text}</a>' if self.url else text


OSM = (Credit("© OpenStreetMap contributors (ODbL)", "https://www.openstreetmap.org/copyright"),)


def parse(text: str) -> tuple[Credit, ...]:
    """Read a JSON list of {text, url}; a ValueError says what is wrong with it."""
    entries = json.loads(text)
    if not isinstance(entries, list) or not entries:
        raise ValueError("it is no list with entries")
    return tuple(_credit(entry) for entry in entries)


def as_html(credits: tuple[Credit, ...]) -> str:
    """Return the credits as TileJSON and maps want them."""
    return ", ".join(credit.html() for credit in credits)


def _credit(entry: object) -> Credit:
    if not isinstance(entry, dict) or not entry.keys() <= {"text", "url"}:
        raise ValueError(f"{entry!r} is not of the form {{text, url}}")
    text, url = entry.get("text"), entry.get("url", "")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{entry!r} has no text")
    if not isinstance(url, str) or (url and not _is_page(url)):
        raise ValueError(f"{url!r} is no http(s) address")
    return Credit(text, url)


def _is_page(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not any(c.isspace() for c in url)
