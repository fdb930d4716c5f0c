# SPDX-License-Identifier: Apache-2.0
"""Attribution of the zones, as a map shows it."""

from __future__ import annotations

import html
import re
from typing import Annotated

import msgspec
from msgspec import Meta

_PAGE = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[^\s/?#\[\]]+)\S*", re.IGNORECASE)


class Credit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name, and the page that says more about it."""

    text: str
    url: str = ""

    def __post_init__(self) -> None:
        """Check the values, with messages for the operator."""
        if not self.text.strip():
            raise ValueError("the text is empty")
        if self.url and not _PAGE.fullmatch(self.url):
            raise ValueError(f"{self.url!r} is not an http(s) address")

    def to_html(self) -> str:
        """Return the name as HTML; nothing in it is markup."""
        text = html.escape(self.text)
        return f'<a href="{html.escape(self.url)}" target="_blank" rel="noopener">{text}</a>' if self.url else text


Credits = Annotated[tuple[Credit, ...], Meta(min_length=1)]
OSM: Credits = (Credit("© OpenStreetMap contributors (ODbL)", "https://www.openstreetmap.org/copyright"),)


def parse_credits(text: str) -> Credits:
    """Read a JSON list of {text, url}.

    Raises:
        ValueError: says what is wrong with it.
    """
    return msgspec.json.decode(text, type=Credits)


def to_html(credits: Credits) -> str:
    """Return credits as HTML, separated by commas, as TileJSON and maps take an attribution."""
    return ", ".join(credit.to_html() for credit in credits)
