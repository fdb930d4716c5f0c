# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cosmogony_pipeline.sources.source_config import (
    SourceConfig,
    list_enabled_sources,
    parse_source,
    remove_url_queries,
    restore_url_query,
)
from cosmogony_pipeline.sources.urls import redact_url
from cosmogony_steps.documents import Credit, to_json
from cosmogony_steps.errors import StepError
from cosmogony_steps.settings import Settings, SourceSettings
from cosmogony_steps.settings.model import CreditSettings, SourcesSettings

AMT = Credit(text="Amt")


def sources(*entries: str | dict[str, Any]) -> list[SourceConfig]:
    return list_enabled_sources(
        [SourceSettings(**entry if isinstance(entry, dict) else {"url": entry}) for entry in entries]
    )


def test_accepts_a_full_entry_and_a_bare_url() -> None:
    entry = {
        "url": " https://example.org/a/li-latest.osm.pbf ",
        "country_code": "li",
        "languages": ("fr", "en", "fr"),
        "disable_voronoi": True,
        "attribution": (CreditSettings(text="Amt"),),
    }
    assert sources(entry, "https://example.org/at.osm.pbf") == [
        SourceConfig("at.osm.pbf", "https://example.org/at.osm.pbf"),
        SourceConfig("li-latest.osm.pbf", "https://example.org/a/li-latest.osm.pbf", "LI", ("en", "fr"), True, (AMT,)),
    ]


def test_blank_attribution_is_no_input_of_a_release() -> None:
    plain = SourceConfig("a.pbf", "https://e.org/a.pbf")
    assert "attribution" not in to_json(plain.to_input_source("1"))
    assert to_json(replace(plain, attribution=(AMT,)).to_input_source("1"))["attribution"] == [
        {"text": "Amt", "url": ""}
    ]


def test_disabled_sources_are_left_out() -> None:
    found = sources({"url": "https://e.org/a.pbf", "enabled": False}, {"url": "https://e.org/b.pbf", "enabled": True})
    assert [item.name for item in found] == ["b.pbf"]


def test_source_is_the_same_after_a_plan() -> None:
    item = SourceConfig("a.pbf", "https://e.org/a.pbf", "LI", ("en",), True, (AMT,))
    assert SourceConfig.from_plan_item(item.to_plan_item()) == item


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (None, "no source is enabled"),
        ({"url": "https://e.org/a.pbf", "enabled": False}, "no source is enabled"),
        ("ftp://e.org/a.pbf", "scheme 'ftp' is unknown"),
        ("a.pbf", "scheme '' is unknown"),
        ("http:///a.pbf", "names no host"),
        ("https://e.org/", "plain file name"),
        ("https://e.org/..", "plain file name"),
        ("https://e.org/a.pbf.json", "taken for a marker"),
        ({"url": "https://e.org/a.pbf", "name": "b.pbf"}, "not the last part of the URL"),
        ({"url": "https://e.org/a.pbf", "country_code": "LIE"}, "'LIE' is not"),
        ({"url": "https://e.org/a.pbf", "levels": ["city"]}, "source a.pbf: levels need a country_code"),
        ({"url": "https://e.org/a.pbf", "languages": ("fr;rm",)}, "'fr;rm' is not a language"),
    ],
)
def test_rejects_sources_with_invalid_settings(entry: str | dict[str, Any] | None, said: str) -> None:
    with pytest.raises(StepError) as failed:
        sources(*([] if entry is None else [entry]))
    assert said in str(failed.value)
    assert "\n" not in str(failed.value)
    assert failed.value.exit_code == 2


def test_two_sources_with_one_file_name_are_refused_and_named() -> None:
    with pytest.raises(
        StepError, match=r"https://e\.org/a\.pbf and https://f\.org/a\.pbf have the same file name a\.pbf"
    ):
        sources("https://e.org/a.pbf", "https://f.org/a.pbf")


def test_credentials_in_a_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(StepError) as failed:
        sources("https://user:hush@e.org/a.pbf")
    assert "source 'https://e.org/a.pbf': the URL holds credentials" in str(failed.value)
    assert "hush" not in str(failed.value)


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://e.org/a.pbf?X-Amz-Signature=hush&token=hush#hush", "https://e.org/a.pbf"),
        ("https://user:hush@e.org:8443/a.pbf", "https://e.org:8443/a.pbf"),
        ("s3://bucket/a/b.pbf", "s3://bucket/a/b.pbf"),
        ("file:///sources/a.pbf", "file:///sources/a.pbf"),
        ("https://[hush@e.org/a.pbf?hush", "e.org/a.pbf"),
    ],
)
def test_urls_are_shown_without_what_may_be_a_secret(url: str, seen: str) -> None:
    assert redact_url(url) == seen


def test_only_fetch_uses_the_query_of_a_url() -> None:
    signed, plain = "https://e.org/a.pbf?token=hush", "https://f.org/b.pbf"
    configured = [SourceSettings(url=signed, country_code="li"), SourceSettings(url=plain)]
    item, other = list_enabled_sources(configured)
    assert (item.name, item.url, item.redacted_url) == ("a.pbf", signed, "https://e.org/a.pbf")
    planned = item.to_plan_item()
    assert (planned.url, planned.has_query) == ("https://e.org/a.pbf", True)
    settings = remove_url_queries(Settings(sources=SourcesSettings(extracts=tuple(configured))))
    assert "hush" not in json.dumps([to_json(planned), settings.to_json(), redact_url(item.url)])
    assert restore_url_query(planned, configured) == item
    renewed = restore_url_query(planned, [SourceSettings(url="https://e.org/a.pbf?token=other", enabled=False)])
    assert renewed.url == "https://e.org/a.pbf?token=other"
    assert restore_url_query(other.to_plan_item(), []) == other
    with pytest.raises(StepError, match=r"a\.pbf is in the plan, but no longer in cosmogony_sources, .*put it back"):
        restore_url_query(planned, configured[1:])


@pytest.mark.parametrize(
    "entry", ["ftp://e.org/a.pbf?hush", "https:///a.pbf?hush", "https://e.org/?hush", "https://e.org/a.json?hush"]
)
def test_a_refused_url_is_shown_without_its_query(entry: str) -> None:
    with pytest.raises(StepError) as failed:
        sources(entry)
    assert "hush" not in str(failed.value)


def test_languages_are_sorted_and_unique() -> None:
    entry = SourceSettings(url="https://e.org/a.osm.pbf", languages=(" fr", "zh-Hant", "", "en", "fr"))
    assert parse_source(entry).languages == ("en", "fr", "zh-Hant")
