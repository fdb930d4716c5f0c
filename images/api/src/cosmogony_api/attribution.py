# SPDX-License-Identifier: Apache-2.0
"""Attribution of the zones, as a map shows it."""

from __future__ import annotations

import html
import re
from typing import Any, TypeAlias

import msgspec

from cosmogony_api.structs import prepare_for_threads

_PAGE = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[^\s/?#\[\]]+)\S*", re.IGNORECASE)


class Credit(msgspec.Struct, frozen=True):
    """A name, and the page that says more about it."""

    text: str
    url: str = ""

    def to_html(self) -> str:
        """Return the name as HTML; nothing in it is markup, and only an http(s) address is a link."""
        text = html.escape(self.text)
        if not _PAGE.fullmatch(self.url):
            return text
        return f'<a href="{html.escape(self.url)}" target="_blank" rel="noopener">{text}</a>'


@prepare_for_threads
class _Source(msgspec.Struct):
    attribution: tuple[Credit, ...] = ()


Credits: TypeAlias = tuple[Credit, ...]
OSM: Credits = (Credit("© OpenStreetMap contributors (ODbL)", "https://www.openstreetmap.org/copyright"),)


def collect_credits(sources: Any) -> Credits:
    """Return the names that a map shows for a release, each once, in the order of its sources.

    Args:
        sources: `inputs.sources` of its manifest, None if it has no such list. A source without an attribution is
            OpenStreetMap's.
    """
    found = msgspec.convert(sources or [], list[_Source])
    return tuple(dict.fromkeys(credit for source in found for credit in source.attribution or OSM)) or OSM


def to_html(credits: Credits) -> str:
    """Return credits as HTML, separated by commas, as TileJSON and maps take an attribution."""
    return ", ".join(credit.to_html() for credit in credits)
