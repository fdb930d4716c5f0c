# SPDX-License-Identifier: Apache-2.0
"""The sources of an update, as they stand in the settings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from cosmogony_steps.documents import InputSource, PlanItem
from cosmogony_steps.errors import UsageError
from cosmogony_steps.text import boolean, words

from .urls import shown

SCHEMES = ("http", "https", "s3", "file")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+=@%-]*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One source: an OSM extract and how its zones are made.

    The whole URL, which may hold a signature, is for those who read from it; `shown` is for everybody else.
    """

    name: str
    url: str
    country_code: str = ""
    languages: tuple[str, ...] = ()
    disable_voronoi: bool = False

    @property
    def shown(self) -> str:
        """The URL without its query, for messages and documents."""
        return shown(self.url)

    def as_input(self, sha256: str) -> InputSource:
        """Return it as a part of a release's inputs, with the sha256 of its file."""
        return InputSource(
            name=self.name,
            url=self.shown,
            country_code=self.country_code,
            languages=self.languages,
            disable_voronoi=self.disable_voronoi,
            sha256=sha256,
        )

    def as_plan_item(self, disk: str) -> PlanItem:
        """Return it as the steps fetch and extract take it, with the scratch space that it needs."""
        return PlanItem(
            name=self.name,
            url=self.shown,
            country_code=self.country_code,
            languages=self.languages,
            disable_voronoi=self.disable_voronoi,
            disk=disk,
        )

    def effective_languages(self, general: tuple[str, ...]) -> tuple[str, ...]:
        """Return its own languages, or the general ones where it has none."""
        return self.languages or general


def name_of(url: str) -> str:
    """The file name of a source: the last path element of its URL."""
    try:
        parts = urlsplit(url)
    except ValueError as cause:
        raise UsageError(f"source '{shown(url)}': not a URL; correct cosmogony_sources") from cause
    seen = shown(url)
    if parts.scheme not in SCHEMES:
        raise UsageError(f"source '{seen}': scheme '{parts.scheme}' is unknown; use http, https, s3 or file")
    if parts.username or parts.password:
        raise UsageError(
            f"source '{seen}': the URL holds credentials, which would end in manifests and logs; take them out"
            " (a private file can be served from S3, whose keys come from a Secret)"
        )
    if parts.scheme != "file" and not parts.netloc:
        raise UsageError(f"source '{seen}': the URL names no host; correct cosmogony_sources")
    name = parts.path.rpartition("/")[2]
    if not _NAME.fullmatch(name):
        raise UsageError(f"source '{seen}': '{name}' cannot be a file name here; the URL must end in a plain file name")
    if name.endswith(".json"):
        raise UsageError(f"source '{seen}': '{name}' would be taken for a marker; an OSM extract is needed (.osm.pbf)")
    return name


def parse_item(data: Any) -> SourceConfig:
    """Check one source as it stands in the settings (an object, or just its URL)."""
    if isinstance(data, str):
        data = {"url": data}
    if not isinstance(data, Mapping):
        raise UsageError(f"source {json.dumps(data)}: an object with 'url' is needed")
    url = data.get("url")
    if not isinstance(url, str) or not url.strip():
        raise UsageError(f"source {json.dumps(sorted(map(str, data)))}: 'url' is missing")
    url = url.strip()
    name = name_of(url)
    if data.get("name") not in (None, "", name):
        raise UsageError(f"source '{shown(url)}': name '{data['name']}' is not the last part of the URL, '{name}'")
    country = str(data.get("country_code") or "").strip().upper()
    if country and not _COUNTRY.fullmatch(country):
        raise UsageError(f"source {name}: country_code '{country}' is not an ISO 3166-1 alpha-2 code such as LI")
    languages = checked_languages(data.get("languages"), f"source {name}: languages")
    return SourceConfig(
        name, url, country, languages, boolean(data.get("disable_voronoi"), f"source {name}: disable_voronoi")
    )


def checked_languages(value: object, name: str) -> tuple[str, ...]:
    """Return language codes, from a list or a text with commas, sorted and without repeats; `name` is for messages.

    Raises:
        UsageError: one of them is no language code.
    """
    languages = words(value, name)
    for language in languages:
        if not _LANGUAGE.fullmatch(language):
            raise UsageError(f"{name}: '{language}' is not a language code such as fr or zh-Hant")
    return languages


def parse_sources(text: str) -> list[SourceConfig]:
    """Return the enabled sources of a JSON list, ordered by name.

    Raises:
        UsageError: there is none, two have one name, or one is no source.
    """
    items = _enabled(text)
    if not items:
        raise UsageError("no source is enabled; name at least one OSM extract in cosmogony_sources")
    by_name: dict[str, SourceConfig] = {}
    for item in items:
        other = by_name.setdefault(item.name, item)
        if other is not item:
            raise UsageError(
                f"sources {other.shown} and {item.shown} have the same file name {item.name};"
                " serve one of them under another name"
            )
    return sorted(items, key=lambda item: item.name)


def with_whole_url(item: SourceConfig, configured: str) -> SourceConfig:
    """Return a source out of a plan, with the query that its URL has in the `configured` sources (a JSON list)."""
    if not configured.strip() or item.url != item.shown:
        return item
    return next((replace(item, url=entry.url) for entry in _enabled(configured) if entry.shown == item.shown), item)


def _enabled(text: str) -> list[SourceConfig]:
    items = []
    for entry in _json_list(text):
        enabled = entry.get("enabled") if isinstance(entry, Mapping) else None
        if enabled in (None, "") or boolean(enabled, f"source {shown(str(entry.get('url')))}: enabled"):
            items.append(parse_item(entry))
    return items


def _json_list(text: str) -> list[Any]:
    try:
        entries = json.loads(text or "[]")
    except ValueError as cause:
        raise UsageError(f"sources are not JSON ({cause}); a list of objects with 'url' is needed") from cause
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise UsageError("sources are not a JSON list; a list of objects with 'url' is needed")
    return entries


def parse_item_json(text: str) -> SourceConfig:
    """Read one source, as a plan has it.

    Raises:
        UsageError: the text is no JSON, or no source.
    """
    try:
        data = json.loads(text)
    except ValueError as cause:
        raise UsageError(f"--source is not JSON ({cause}); an object with 'url' is needed") from cause
    return parse_item(data)
