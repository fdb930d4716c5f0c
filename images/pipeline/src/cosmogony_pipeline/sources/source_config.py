# SPDX-License-Identifier: Apache-2.0
"""Read the sources of a data update from the settings and from plans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from cosmogony_steps.documents import ABSENT, Credit, InputSource, PlanItem
from cosmogony_steps.errors import StepError, UsageError
from cosmogony_steps.settings import Settings, SourceSettings
from cosmogony_steps.value_parsing import parse_unique_words

from .urls import redact_url

SCHEMES = ("http", "https", "s3", "file")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+=@%-]*")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LANGUAGE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """The configuration of a source: the URL of an OSM extract, and how its zones are made.

    The whole URL, which may hold a signature, is only for reading the file; everything else uses `redacted_url`.
    """

    name: str
    url: str
    country_code: str = ""
    languages: tuple[str, ...] = ()
    disable_voronoi: bool = False
    attribution: tuple[Credit, ...] = ()

    @property
    def redacted_url(self) -> str:
        """The URL without its query, for messages and documents."""
        return redact_url(self.url)

    def to_input_source(self, sha256: str) -> InputSource:
        """Return the source as the inputs of a release store it, with the sha256 of its file."""
        return InputSource(sha256=sha256, **{**self._redact(), "attribution": self.attribution or ABSENT})

    def to_plan_item(self) -> PlanItem:
        """Return the source as plans store it, without the query of its URL."""
        return PlanItem(has_query=self.url != self.redacted_url, **self._redact())

    def _redact(self) -> dict[str, Any]:
        return {**asdict(self), "url": self.redacted_url}

    @classmethod
    def from_plan_item(cls, item: PlanItem) -> SourceConfig:
        """Return the configuration of a source in a plan; its URL may lack a query."""
        return cls(item.name, item.url, item.country_code, item.languages, item.disable_voronoi, item.attribution)

    def choose_languages(self, general: tuple[str, ...]) -> tuple[str, ...]:
        """Return the languages of the labels: those of the source, otherwise the `general` ones."""
        return self.languages or general


def parse_source(entry: SourceSettings) -> SourceConfig:
    """Return the configuration of a source in the settings; raise if it is invalid.

    Raises:
        UsageError: its URL, name, country, levels or languages are invalid.
    """
    url = entry.url.strip()
    name = _parse_file_name(url)
    if entry.name not in ("", name):
        raise UsageError(f"source '{redact_url(url)}': name '{entry.name}' is not the last part of the URL, '{name}'")
    country = entry.country_code.strip().upper()
    if country and not _COUNTRY.fullmatch(country):
        raise UsageError(f"source {name}: country_code '{country}' is not an ISO 3166-1 alpha-2 code such as LI")
    if entry.levels and not country:
        raise UsageError(f"source {name}: levels need a country_code, which says whose zone types they are")
    languages = parse_unique_words(entry.languages, f"source {name}: languages")
    for language in languages:
        if not _LANGUAGE.fullmatch(language):
            raise UsageError(f"source {name}: languages: '{language}' is not a language code such as fr or zh-Hant")
    credits = tuple(Credit(text=credit.text, url=credit.url) for credit in entry.attribution)
    return SourceConfig(name, url, country, languages, entry.disable_voronoi, credits)


def _parse_file_name(url: str) -> str:
    """Return the name of a source, the last path element of its URL; raise UsageError if the URL is invalid."""
    redacted = redact_url(url)
    try:
        parts = urlsplit(url)
    except ValueError as cause:
        raise UsageError(f"source '{redacted}': not a URL; correct cosmogony_sources") from cause
    if parts.scheme not in SCHEMES:
        raise UsageError(f"source '{redacted}': scheme '{parts.scheme}' is unknown; use http, https, s3 or file")
    if parts.username or parts.password:
        raise UsageError(
            f"source '{redacted}': the URL holds credentials, which would end in manifests and logs; take them out"
            " (a private file can be served from S3, whose keys come from a Secret)"
        )
    if parts.scheme != "file" and not parts.netloc:
        raise UsageError(f"source '{redacted}': the URL names no host; correct cosmogony_sources")
    name = parts.path.rpartition("/")[2]
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"source '{redacted}': '{name}' cannot be a file name here; the URL must end in a plain file name"
        )
    if name.endswith(".json"):
        raise UsageError(
            f"source '{redacted}': '{name}' would be taken for a marker; an OSM extract is needed (.osm.pbf)"
        )
    return name


def list_enabled_sources(entries: Sequence[SourceSettings]) -> list[SourceConfig]:
    """Return the enabled sources among these settings, ordered by name.

    Raises:
        UsageError: none is enabled, two have the same name, or one is invalid.
    """
    items = sorted((parse_source(entry) for entry in entries if entry.enabled), key=lambda item: item.name)
    if not items:
        raise UsageError("no source is enabled; name at least one OSM extract in cosmogony_sources")
    for item, following in pairwise(items):
        if item.name == following.name:
            raise UsageError(
                f"sources {item.redacted_url} and {following.redacted_url} have the same file name {item.name};"
                " serve one of them under another name"
            )
    return items


def restore_url_query(item: PlanItem, entries: Sequence[SourceSettings]) -> SourceConfig:
    """Return a source of a plan with the query of its URL, taken from the current settings.

    Raises:
        StepError: its URL has a query, and the settings no longer have the source.
    """
    source = SourceConfig.from_plan_item(item)
    if not item.has_query:
        return source
    url = next((entry.url.strip() for entry in entries if redact_url(entry.url.strip()) == item.url), None)
    if url is None:
        raise StepError(
            f"source {item.name}: {item.url} is in the plan, but no longer in cosmogony_sources, where the rest of its"
            " URL (a signature or token) is read; put it back and retry, or run the update again"
        )
    return replace(source, url=url)


def remove_url_queries(settings: Settings) -> Settings:
    """Return a copy of the settings without the queries of URLs, which may be secrets, to store in a document."""
    extracts = tuple(replace(entry, url=redact_url(entry.url)) for entry in settings.sources.extracts)
    return replace(settings, sources=replace(settings.sources, extracts=extracts))
