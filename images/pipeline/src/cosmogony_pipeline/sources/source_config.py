# SPDX-License-Identifier: Apache-2.0
"""The sources of an update, as they stand in the settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from cosmogony_steps.documents import InputSource, PlanItem
from cosmogony_steps.errors import StepError, UsageError
from cosmogony_steps.settings import Settings, SourceSettings
from cosmogony_steps.text import parse_words

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

    def as_plan_item(self) -> PlanItem:
        """Return it as a plan has it."""
        return PlanItem(
            name=self.name,
            url=self.shown,
            has_query=self.url != self.shown,
            country_code=self.country_code,
            languages=self.languages,
            disable_voronoi=self.disable_voronoi,
        )

    @classmethod
    def from_plan_item(cls, item: PlanItem) -> SourceConfig:
        """Return a source as a plan has it, whose URL may lack its query."""
        return cls(item.name, item.url, item.country_code, item.languages, item.disable_voronoi)

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


def check_source(entry: SourceSettings) -> SourceConfig:
    """Check one source as it stands in the settings.

    Raises:
        UsageError: it is none.
    """
    url = entry.url.strip()
    name = name_of(url)
    if entry.name not in ("", name):
        raise UsageError(f"source '{shown(url)}': name '{entry.name}' is not the last part of the URL, '{name}'")
    country = entry.country_code.strip().upper()
    if country and not _COUNTRY.fullmatch(country):
        raise UsageError(f"source {name}: country_code '{country}' is not an ISO 3166-1 alpha-2 code such as LI")
    languages = checked_languages(entry.languages, f"source {name}: languages")
    return SourceConfig(name, url, country, languages, entry.disable_voronoi)


def checked_languages(value: object, name: str) -> tuple[str, ...]:
    """Return language codes, from a list or a text with commas, sorted and without repeats; `name` is for messages.

    Raises:
        UsageError: one of them is no language code.
    """
    languages = parse_words(value, name)
    for language in languages:
        if not _LANGUAGE.fullmatch(language):
            raise UsageError(f"{name}: '{language}' is not a language code such as fr or zh-Hant")
    return languages


def enabled_sources(entries: Sequence[SourceSettings]) -> list[SourceConfig]:
    """Return the enabled sources of the settings, ordered by name.

    Raises:
        UsageError: there is none, two have one name, or one is no source.
    """
    items = [check_source(entry) for entry in entries if entry.enabled]
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


def with_whole_url(item: PlanItem, entries: Sequence[SourceSettings]) -> SourceConfig:
    """Return a source out of a plan, with the query that its URL has in the settings of now.

    Raises:
        StepError: its URL has a query, and the settings have the source no more.
    """
    source = SourceConfig.from_plan_item(item)
    if not item.has_query:
        return source
    url = next((entry.url.strip() for entry in entries if shown(entry.url.strip()) == item.url), None)
    if url is None:
        raise StepError(
            f"source {item.name}: {item.url} is in the plan, but no more in cosmogony_sources, where the rest of its"
            " URL (a signature or token) is read; put it back and retry, or run the update again"
        )
    return replace(source, url=url)


def without_queries(settings: Settings) -> Settings:
    """Return the settings as a document may show them: what stands in the query of a URL may be a secret."""
    extracts = tuple(replace(entry, url=shown(entry.url)) for entry in settings.sources.extracts)
    return replace(settings, sources=replace(settings.sources, extracts=extracts))
