# SPDX-License-Identifier: Apache-2.0
"""Step plan against a real download server and a real MinIO."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any

import pytest
from cosmogony_pipeline.release import markers
from cosmogony_pipeline.release.inputs import add_sources, digest_inputs
from cosmogony_pipeline.sources.source_config import SourceConfig
from cosmogony_pipeline.steps.fetch import fetch
from cosmogony_pipeline.steps.kept_releases import KeptRelease
from cosmogony_pipeline.steps.plan import make_plan
from cosmogony_pipeline.steps.plan_outputs import make_outputs
from cosmogony_pipeline.transfer import scratch_space
from cosmogony_steps import object_keys
from cosmogony_steps.documents import Batch, Credit, Inputs, PartMarker, PartSource, Plan, to_json
from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.retry import Backoff
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings, SourceSettings
from cosmogony_steps.settings.model import SourcesSettings
from msgspec.structs import replace

from .bucket import source_at, stored_source
from .source_server import SourceServer

QUICK = Backoff(attempts=3, first=0.01)
INPUTS = Inputs(
    sources=(),
    rules="rules",
    extractor="extractor",
    importer="importer:1",
    dashboard="dashboard:1",
    languages=("en",),
    as_original=False,
    tiles_max_zoom=8,
)
OTHER_REASON = replace(INPUTS, reason="because")


@pytest.fixture
def items(server: SourceServer) -> list[SourceConfig]:
    server.put("/a.osm.pbf", b"a" * 1000)
    server.put("/b.osm.pbf", b"b" * 2_000_000)
    return [source_at(f"{server.url}/a.osm.pbf"), source_at(f"{server.url}/b.osm.pbf")]


def ask(store: Store, items: list[SourceConfig], releases: list[KeptRelease] | None = None, **options: Any) -> Plan:
    inputs, settings = options.pop("inputs", INPUTS), options.pop("settings", Settings())
    return make_plan(store, "update-x", items, inputs, releases or [], settings, backoff=QUICK, **options)


def bring(store: Store, items: list[SourceConfig], inputs: Inputs = INPUTS) -> str:
    """Fetch all, pretend they were extracted (only markers matter here); returns the digest of the inputs."""
    digests = {}
    for item in items:
        marker = fetch(store, item, Settings(), QUICK)
        digests[item.name] = marker.sha256
        digest = markers.digest_part_inputs(item, marker.sha256, inputs)
        etag = store.upload(object_keys.get_part_key(item.name), io.BytesIO(b"zones"), 5)
        part = PartMarker(
            name=item.name,
            digest=digest,
            source=PartSource(
                url=item.redacted_url,
                file=item.name,
                sha256=marker.sha256,
                md5="",
                size=0,
                version_date=None,
                seconds=0,
            ),
            rules=inputs.rules,
            extractor=inputs.extractor,
            languages=inputs.languages,
            country_code="",
            disable_voronoi=False,
            size=5,
            sha256="",
            etag=etag,
            zones=1,
            seconds=0,
        )
        store.write_json(object_keys.get_part_marker_key(item.name), part.to_json())
    return digest_inputs(add_sources(inputs, items, digests))


def work_of(plan: Plan) -> list[str]:
    return [name for batch in plan.batches for name in batch.sources]


def states_of(plan: Plan) -> list[str]:
    return [source.state for source in plan.details]


def test_new_sources_are_all_work_and_nothing_is_downloaded(
    store: Store, server: SourceServer, items: list[SourceConfig]
) -> None:
    plan = ask(store, items)
    assert plan.changed is True
    assert plan.message == "2 of 2 sources to fetch (2.0 MB): a.osm.pbf, b.osm.pbf"
    assert [item.name for item in plan.items] == ["a.osm.pbf", "b.osm.pbf"]
    assert plan.batches == (Batch(sources=("a.osm.pbf", "b.osm.pbf"), disk="266Mi"),)
    assert plan.merge_disk == "272Mi"  # both four times as large, and what comes of them
    assert plan.fetch_bytes == 2_001_000
    assert [detail.state for detail in plan.details] == ["new", "new"]
    assert server.body_bytes["/a.osm.pbf"] + server.body_bytes["/b.osm.pbf"] == 0


def test_the_scratch_space_of_a_merge_is_that_of_the_known_zones(
    store: Store, server: SourceServer, items: list[SourceConfig]
) -> None:
    bring(store, items)
    part = store.find_json(object_keys.get_part_marker_key("b.osm.pbf")) or {}
    etag = store.upload(object_keys.get_part_key("b.osm.pbf"), io.BytesIO(b"z" * 8 * 2**20), None)
    known = {**part, "size": 8 * 2**20, "etag": etag, "source": {**part["source"], "size": 2_000_000}}
    store.write_json(object_keys.get_part_marker_key("b.osm.pbf"), known)
    assert ask(store, items).merge_disk == "273Mi"  # 2 x (5 bytes + 8 MiB)
    assert ask(store, items[1:]).merge_disk == "264Mi"  # nothing is written for a single one
    server.put("/b.osm.pbf", b"c" * 4_000_000)
    assert ask(store, items).merge_disk == "297Mi"  # twice the file, a quarter more for good measure


@pytest.mark.parametrize(
    ("size", "extract", "merge"),
    [
        (0, 10 * 1024 + 256, 4 * 6 * 1024 + 256),
        (600_000, 259, 266),  # four times the bytes: an extract of boundaries alone
        (30 * 2**30, 75 * 1024 + 256, 4 * 19 * 1024 + 256),
    ],
)
def test_scratch_space_of_sources_that_nobody_knows(size: int, extract: int, merge: int) -> None:
    assert scratch_space.estimate_extract_mib(size) == extract
    parts = [scratch_space.estimate_part_bytes(size, None, usable=False)] * 2
    assert scratch_space.estimate_merge_mib(parts) == merge


def test_no_output_shows_the_query_of_a_url(
    store: Store, server: SourceServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.put("/a.osm.pbf?token=hush", b"a" * 1000, md5=False)
    item = source_at(f"{server.url}/a.osm.pbf?token=hush")
    configured = Settings(sources=SourcesSettings(extracts=(SourceSettings(url=item.url),)))
    plan = ask(store, [item], settings=configured)
    assert plan.changed is True
    digest = bring(store, [item])
    other = source_at(f"{server.url}/a.osm.pbf?token=other")
    server.put("/a.osm.pbf?token=other", b"a" * 1000, md5=False)
    same = ask(store, [other], [KeptRelease("r1", digest, True)], settings=configured)
    assert (same.changed, same.release) == (False, "r1")  # another signature is not another source
    marker = stored_source(store, item)
    plans = [plan, same]
    outputs = [make_outputs(one, "runs/update-x/plan.json") for one in plans]
    shown = json.dumps([to_json(plans), outputs, marker]) + capsys.readouterr().err
    assert f"{server.url}/a.osm.pbf" in shown
    assert "hush" not in shown and "token" not in shown


def test_unchanged_sources_need_no_work(store: Store, items: list[SourceConfig]) -> None:
    digest = bring(store, items)
    plan = ask(store, items, [KeptRelease("r1", digest, True)])
    assert (plan.changed, plan.message, plan.release) == (False, "release r1 is current", "r1")
    assert work_of(plan) == []
    assert len(plan.items) == 2


def test_changed_attribution_makes_a_new_release_without_extraction(store: Store, items: list[SourceConfig]) -> None:
    live = KeptRelease("r1", bring(store, items), True)
    renamed = [dataclasses.replace(items[0], attribution=(Credit(text="Amt"),)), items[1]]
    plan = ask(store, renamed, [live])
    assert (plan.changed, states_of(plan)) == (True, ["unchanged", "unchanged"])
    assert plan.message.startswith("2 sources unchanged, but the settings,")
    assert [item.attribution for item in plan.items] == [(Credit(text="Amt"),), ()]
    sha256 = {item.name: (stored_source(store, item) or {})["sha256"] for item in items}
    again = KeptRelease("r2", digest_inputs(add_sources(INPUTS, renamed, sha256)), True)
    assert ask(store, renamed, [again]).changed is False


def test_a_release_made_for_a_reason_is_current_afterwards(store: Store, items: list[SourceConfig]) -> None:
    first = bring(store, items)
    digest = bring(store, items, OTHER_REASON)
    kept = [KeptRelease("r2", digest, True, "because"), KeptRelease("r1", first, False)]
    plan = ask(store, items, kept)
    assert (plan.changed, plan.message, plan.release) == (False, "release r2 is current", "r2")
    plan = ask(store, items, kept, mode="reimport")
    assert (plan.changed, plan.message) == (True, "a new release is wanted though release r2 has the same data")


def test_a_release_rolled_back_from_is_not_made_again(store: Store, items: list[SourceConfig]) -> None:
    digest = bring(store, items)
    plan = ask(store, items, [KeptRelease("r1", "old", True), KeptRelease("r2", digest, False)])
    assert plan.changed is False
    assert "release r2 holds the same data, but release r1 is live" in plan.message


@pytest.mark.parametrize("options", [{"force": True}, {"inputs": OTHER_REASON}, {"mode": "reimport"}])
def test_a_new_release_can_be_asked_for(store: Store, items: list[SourceConfig], options: dict[str, Any]) -> None:
    digest = bring(store, items)
    assert ask(store, items, [KeptRelease("r1", digest, True)], **options).changed is True


def test_a_changed_source_is_named(store: Store, server: SourceServer, items: list[SourceConfig]) -> None:
    digest = bring(store, items)
    server.put("/b.osm.pbf", b"c" * 2_000_000)
    plan = ask(store, items, [KeptRelease("r1", digest, True)])
    assert plan.changed is True
    assert plan.message == "1 of 2 sources to fetch (2.0 MB): b.osm.pbf"
    assert work_of(plan) == ["a.osm.pbf", "b.osm.pbf"]


def test_mode_changed_works_on_what_changed_only(store: Store, server: SourceServer, items: list[SourceConfig]) -> None:
    digest = bring(store, items)
    server.put("/b.osm.pbf", b"c" * 2_000_000)
    plan = ask(store, items, [KeptRelease("r1", digest, True)], mode="changed")
    assert work_of(plan) == ["b.osm.pbf"]
    assert [item.name for item in plan.items] == ["a.osm.pbf", "b.osm.pbf"]


@pytest.mark.parametrize(
    "other",
    [
        {"languages": ("fr",)},
        {"rules": "rules 2"},
        {"extractor": "extractor 2"},
        {"as_original": True},
    ],
)
def test_other_rules_extractor_languages_or_mode_extract_again(
    store: Store, items: list[SourceConfig], other: dict[str, Any]
) -> None:
    digest = bring(store, items)
    plan = ask(store, items, [KeptRelease("r1", digest, True)], inputs=replace(INPUTS, **other))
    assert plan.message == "2 of 2 sources to extract again: a.osm.pbf, b.osm.pbf"
    assert states_of(plan) == ["to extract", "to extract"]


def test_a_removed_source_makes_a_new_release(store: Store, items: list[SourceConfig]) -> None:
    digest = bring(store, items)
    plan = ask(store, items[:1], [KeptRelease("r1", digest, True)])
    assert plan.changed is True
    assert plan.message == "1 source unchanged, but the settings, images or list of sources are not those of release r1"


def test_a_source_that_comes_back_makes_a_new_release(store: Store, items: list[SourceConfig]) -> None:
    """An older release has the same data; nobody went back from it."""
    digest = bring(store, items)
    plan = ask(store, items, [KeptRelease("r2", "without b", True), KeptRelease("r1", digest, False)])
    assert plan.changed is True
    assert plan.message.startswith("2 sources unchanged, but")


def test_an_update_that_never_reached_publish_is_taken_up_again(store: Store, items: list[SourceConfig]) -> None:
    bring(store, items)
    plan = ask(store, items, [])
    assert (plan.changed, plan.message) == (True, "no release is published yet, 2 sources")


def test_every_absent_source_is_named(store: Store, server: SourceServer, items: list[SourceConfig]) -> None:
    server.files.clear()
    with pytest.raises(StepError, match=r"source a\.osm\.pbf: .*404.*source b\.osm\.pbf: .*404") as failed:
        ask(store, items)
    assert failed.value.exit_code == 1


def test_unavailable_source_is_transient(store: Store, items: list[SourceConfig]) -> None:
    with pytest.raises(TransientError, match="cannot be reached"):
        ask(store, [*items, source_at("http://127.0.0.1:1/c.osm.pbf")])


def test_one_source_only(store: Store, server: SourceServer, items: list[SourceConfig]) -> None:
    digest = bring(store, items)
    server.put("/a.osm.pbf", b"A" * 1000)
    server.put("/b.osm.pbf", b"B" * 1000)
    server.forget()
    plan = ask(store, items, [KeptRelease("r1", digest, True)], mode="source", only="a.osm.pbf")
    assert work_of(plan) == ["a.osm.pbf"]
    assert {path for _, path, _ in server.requests} == {"/a.osm.pbf", "/a.osm.pbf.md5"}


def test_one_source_needs_the_zones_of_all_others(store: Store, items: list[SourceConfig]) -> None:
    bring(store, items)
    store.remove(object_keys.get_part_marker_key("b.osm.pbf"))
    with pytest.raises(StepError, match=r"stored zones of b\.osm\.pbf are missing"):
        ask(store, items, mode="source", only="a.osm.pbf")


def test_reimport_asks_nobody_and_needs_all_zones(
    store: Store, server: SourceServer, items: list[SourceConfig]
) -> None:
    bring(store, items)
    server.forget()
    plan = ask(store, items, mode="reimport")
    assert plan.changed is True
    assert work_of(plan) == []
    assert server.requests == []
    store.remove(object_keys.get_source_marker_key("a.osm.pbf"))
    with pytest.raises(StepError, match=r"source a\.osm\.pbf: not in the store yet"):
        ask(store, items, mode="reimport")


@pytest.mark.parametrize(
    ("options", "said"),
    [({"mode": "source", "only": "c"}, "choose one of a.osm.pbf, b.osm.pbf"), ({"mode": "half"}, "'half' is unknown")],
)
def test_wrong_modes_are_explained(store: Store, items: list[SourceConfig], options: dict[str, Any], said: str) -> None:
    with pytest.raises(StepError, match=said):
        ask(store, items, **options)


def test_version_is_compared_by_checksum_then_etag_then_date(
    store: Store, server: SourceServer, items: list[SourceConfig]
) -> None:
    item = items[0]
    fetch(store, item, Settings(), QUICK)
    content = b"a" * 1000
    same = [{"etag": '"other"'}, {"md5": False}, {"md5": False, "etag": None}]
    other = [{"md5": "1" * 32}, {"md5": False, "etag": '"other"'}, {"md5": False, "etag": None, "modified": 1.0}]
    for settings, fetched in [*((kind, False) for kind in same), *((kind, True) for kind in other)]:
        server.put("/a.osm.pbf", content, **settings)
        assert (ask(store, [item]).fetch_bytes > 0) is fetched, settings


def test_a_country_without_rules_is_refused_before_anything_is_asked(
    store: Store, server: SourceServer, items: list[SourceConfig]
) -> None:
    server.forget()
    with pytest.raises(StepError, match=r"source a\.osm\.pbf: no rules for country 'QQ'"):
        ask(store, [SourceConfig("a.osm.pbf", items[0].url, "QQ")])
    assert server.requests == []


def test_lost_zones_and_files_are_made_again_only_when_a_release_is(store: Store, items: list[SourceConfig]) -> None:
    digest = bring(store, items)
    store.remove(object_keys.get_source_key("a.osm.pbf"))
    assert states_of(ask(store, items)) == ["unchanged", "unchanged"]
    store.remove(object_keys.get_part_key("a.osm.pbf"))
    store.remove(object_keys.get_part_key("b.osm.pbf"))
    plan = ask(store, items, mode="changed")
    assert states_of(plan) == ["to fetch again", "to extract"]
    assert ask(store, items, [KeptRelease("r1", digest, True)]).message == "release r1 is current"


@pytest.mark.parametrize("number", ["none", "of the format before"])
def test_a_store_of_an_earlier_version_is_read_without_fetching_or_extracting(
    store: Store, server: SourceServer, items: list[SourceConfig], number: str
) -> None:
    digest = bring(store, items)
    for item in items:
        for key in (object_keys.get_source_marker_key(item.name), object_keys.get_part_marker_key(item.name)):
            document = store.find_json(key)
            assert document is not None and document["format"] == 1
            if number == "none":
                del document["format"]
            if key == object_keys.get_part_marker_key(item.name):  # keys that were not there from the beginning
                for name in ("left_out", "repaired", "data_timestamp", "country", "as_original"):
                    del document[name]
            store.write_json(key, document)
    server.forget()
    plan = ask(store, items, [KeptRelease("r1", digest, True)])
    assert (plan.changed, plan.release) == (False, "r1")
    assert states_of(plan) == ["unchanged", "unchanged"]
    for item in items:
        fetch(store, item, Settings(), QUICK)
    assert server.body_bytes["/a.osm.pbf"] + server.body_bytes["/b.osm.pbf"] == 0


def test_a_marker_of_a_newer_version_is_not_overwritten(store: Store, items: list[SourceConfig]) -> None:
    bring(store, items)
    key = object_keys.get_source_marker_key("a.osm.pbf")
    newer = {**(store.find_json(key) or {}), "format": 9}
    store.write_json(key, newer)
    for action in (lambda: ask(store, items), lambda: fetch(store, items[0], Settings(), QUICK)):
        with pytest.raises(StepError, match=f"^source marker {key} has format 9, this program reads up to 1"):
            action()
    assert store.find_json(key) == newer


@pytest.mark.parametrize("damage", [{"size": "many"}, {"etag": None}, {"version": {}}])
def test_damaged_marker_counts_as_missing(
    store: Store, items: list[SourceConfig], damage: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    bring(store, items)
    key = object_keys.get_source_marker_key("a.osm.pbf")
    store.write_json(key, {**(store.find_json(key) or {}), **damage})
    plan = ask(store, items)
    assert states_of(plan) == ["new", "unchanged"]
    assert f"source marker {key}: field {next(iter(damage))}" in (said := capsys.readouterr().err)
    assert "taking it as absent" in said
