# SPDX-License-Identifier: Apache-2.0
"""Step merge with real parts and a real MinIO."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from checkout import DATA
from cosmogony.findings import FindingCount
from cosmogony_pipeline.release.inputs import digest_document
from cosmogony_pipeline.sources.source_config import SourceConfig
from cosmogony_pipeline.steps import merge as merge_step
from cosmogony_pipeline.steps.extract import extract
from cosmogony_pipeline.steps.fetch import fetch
from cosmogony_pipeline.steps.merge import merge_files, merge_parts
from cosmogony_pipeline.transfer import scratch_space
from cosmogony_steps import object_keys
from cosmogony_steps.documents import Credit
from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings
from services.connections import find_store
from services.objectstore import MinIO
from zone_records import RECORDS, country, write

from .bucket import BUCKET, stored_part, stored_source
from .test_extract import GATINEAU, LUXEMBOURG, inputs, zones_of

STARTED = datetime(2026, 11, 22, 22, 10, tzinfo=UTC)
LATER = datetime(2126, 11, 22, tzinfo=UTC)
BOTH = [LUXEMBOURG, GATINEAU]


_objects: dict[str, bytes] = {}  # what fetch and extract made of both, once for all tests here


@pytest.fixture
def prepared(store: Store, tmp_path: Path) -> Store:
    for key, content in _objects.items():
        store.client.put_object(store.bucket, key, io.BytesIO(content), len(content))
    if not _objects:
        for item in BOTH:
            fetch(store, item, Settings())
            extract(store, item, inputs(), threads=1, scratch=tmp_path)
        for found in store.client.list_objects(store.bucket, recursive=True):
            response = store.client.get_object(store.bucket, found.object_name)
            _objects[found.object_name] = response.read()
            response.release_conn()
    return store


def run(store: Store, scratch: Path, items: list[SourceConfig] = BOTH, **changes: Any) -> dict[str, Any]:
    return merge_parts(store, items, inputs(**changes), STARTED, scratch=scratch).to_json()


def test_a_release_holds_the_zones_of_all_sources_and_says_where_they_are_from(prepared: Store, tmp_path: Path) -> None:
    manifest = run(prepared, tmp_path)
    release = manifest["id"]
    assert release == f"20261122t221000-{manifest['inputs_digest'][:8]}"
    assert digest_document(manifest["inputs"]) == manifest["inputs_digest"]
    zones = zones_of(prepared, object_keys.get_release_zones_key(release))
    assert zones == zones_of(prepared, object_keys.LATEST_ZONES)
    assert len({zone["id"] for zone in zones}) == len(zones) == manifest["counts"]["zones"]
    assert {zone["parent"] for zone in zones} - {None} <= {zone["id"] for zone in zones}
    assert sum(manifest["counts"]["by_type"].values()) == len(zones)
    assert manifest["counts"]["by_country"]["LU"]["state_district"] == 13
    assert manifest["counts"]["by_country"]["CA"] == {"city": 1}
    assert [source["name"] for source in manifest["sources"]] == [GATINEAU.name, LUXEMBOURG.name]
    assert sum(source["zones"] for source in manifest["sources"]) == len(zones)
    assert manifest["state"] == "merged"
    assert (manifest["dropped"], manifest["dropped_count"]) == ([], 0)
    assert set(manifest["durations"]) == {"fetch", "extract", "merge"}
    assert manifest["durations"]["extract"] >= max(source["seconds"]["extract"] for source in manifest["sources"])
    assert manifest["skipped"] == {"fetch": [], "extract": []}
    assert prepared.read_json(object_keys.get_release_manifest_key(release)) == manifest
    assert list(tmp_path.iterdir()) == []


def test_manifest_names_the_attribution_of_each_source(prepared: Store, tmp_path: Path) -> None:
    credit = Credit(text="Amt", url="https://amt.example/")
    manifest = run(prepared, tmp_path, [replace(LUXEMBOURG, attribution=(credit,)), GATINEAU])
    found = [source.get("attribution") for source in manifest["inputs"]["sources"]]
    assert found == [None, [{"text": "Amt", "url": "https://amt.example/"}]]
    assert manifest["skipped"]["extract"] == run(prepared, tmp_path)["skipped"]["extract"]


def test_skipped_sources_are_listed_and_take_no_time(prepared: Store, tmp_path: Path) -> None:
    names = [GATINEAU.name, LUXEMBOURG.name]
    manifest = merge_parts(prepared, BOTH, inputs(reason="again"), LATER, scratch=tmp_path).to_json()
    assert manifest["skipped"] == {"fetch": names, "extract": names}
    assert (manifest["durations"]["fetch"], manifest["durations"]["extract"]) == (0, 0)
    assert any(source["seconds"]["extract"] > 0 for source in manifest["sources"])


def test_the_manifest_warns_of_what_should_be_looked_at(prepared: Store, tmp_path: Path) -> None:
    manifest = run(prepared, tmp_path)
    found = {(warning["source"], warning["kind"]): warning for warning in manifest["warnings"]}
    for name in (GATINEAU.name, LUXEMBOURG.name):
        assert found[name, "no-md5"]["text"].startswith("no .md5 is published")
    part = stored_part(prepared, LUXEMBOURG)
    source = stored_source(prepared, LUXEMBOURG)
    assert part is not None and source is not None
    cut = {"osm_id": "relation:1", "name": "Left", "admin_level": "4", "missing": 2, "has_geometry": True, "own": True}
    no_polygon = [
        row("broken_geometry", "LU", 6, 1, "relation:2"),
        row("broken_geometry", None, 8, 6, *(f"relation:{number}" for number in range(10, 16))),
        row("no_name", "LU", 8, 3, "relation:3"),
    ]
    prepared.write_json(
        object_keys.get_part_marker_key(LUXEMBOURG.name), {**part, "incomplete": [cut] * 7, "left_out": no_polygon}
    )
    prepared.write_json(
        object_keys.get_source_marker_key(LUXEMBOURG.name),
        {**source, "version": {**source["version"], "md5": source["md5"]}},
    )
    manifest = run(prepared, tmp_path, reason="with warnings")
    found = {warning["kind"]: warning for warning in manifest["warnings"] if warning["source"] == LUXEMBOURG.name}
    assert set(found) == {"incomplete", "broken_geometry"}
    assert found["incomplete"]["count"] == 7
    assert found["incomplete"]["text"].endswith("relation:1 Left and 2 more")
    assert found["broken_geometry"] == {
        "source": LUXEMBOURG.name,
        "kind": "broken_geometry",
        "count": 7,
        "text": "no valid polygon could be made of them: relation:2, relation:10, relation:11, relation:12, relation:13"
        " and 2 more",
    }
    assert manifest["incomplete"] == [{"source": LUXEMBOURG.name, **cut}] * 7


def row(reason: str, country: str | None, level: int | None, count: int, *examples: str) -> FindingCount:
    return FindingCount(
        reason=reason, country_code=country, admin_level=level, place=None, count=count, examples=list(examples)
    )


def test_the_manifest_adds_up_what_the_parts_left_out_and_repaired(prepared: Store, tmp_path: Path) -> None:
    nodes = [f"node:{number}" for number in range(8)]
    tables = {
        LUXEMBOURG: (
            [row("cut_at_edge", "BE", 6, 2, "relation:1", "relation:2"), row("no_name", "LU", 9, 8, *nodes)],
            [row("role", "LU", 8, 1, "relation:5")],
        ),
        GATINEAU: (
            [
                row("cut_at_edge", "BE", 6, 2, "relation:2", "relation:3"),
                row("cut_at_edge", "BE", None, 1, "relation:4"),
                row("no_name", "LU", 9, 7, *(f"node:{number}" for number in range(10, 17))),
            ],
            [],
        ),
    }
    for item, (left_out, repaired) in tables.items():
        part = stored_part(prepared, item)
        assert part is not None
        prepared.write_json(
            object_keys.get_part_marker_key(item.name), {**part, "left_out": left_out, "repaired": repaired}
        )
    manifest = run(prepared, tmp_path)
    assert manifest["left_out"] == [
        row("cut_at_edge", "BE", None, 1, "relation:4"),
        row("cut_at_edge", "BE", 6, 4, "relation:2", "relation:3", "relation:1"),
        row("no_name", "LU", 9, 15, *(f"node:{number}" for number in (10, 11, 12, 13, 14, 15, 16, 0, 1, 2))),
    ]
    assert manifest["repaired"] == [row("role", "LU", 8, 1, "relation:5")]
    alone = run(prepared, tmp_path, [LUXEMBOURG])
    assert (alone["left_out"], alone["repaired"]) == tables[LUXEMBOURG]


def test_the_mode_is_part_of_the_release(store: Store, tmp_path: Path) -> None:
    fetch(store, GATINEAU, Settings())
    ids = set()
    for as_original in (False, True):
        extract(store, GATINEAU, inputs(as_original=as_original), threads=1, scratch=tmp_path)
        manifest = run(store, tmp_path, [GATINEAU], as_original=as_original)
        assert manifest["inputs"]["as_original"] is as_original
        ids.add(manifest["id"])
    assert len(ids) == 2


def test_too_little_scratch_space_is_reported_before_anything_is_moved(prepared: Store, tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"too little for 2 files of zones; give the step 2\d\dMi"):
        merge_parts(prepared, BOTH, inputs(), STARTED, scratch=tmp_path, disk=4 * 2**20)
    assert prepared.find_info(object_keys.LATEST_ZONES) is None
    assert merge_parts(prepared, BOTH, inputs(), STARTED, scratch=tmp_path, disk=5 * 2**20).state == "merged"


def test_a_plan_gives_an_extract_of_boundaries_enough_scratch_space(prepared: Store) -> None:
    """Such an extract becomes more zones than it has bytes, and nothing is known of it before."""
    for item in BOTH:
        source, part = stored_source(prepared, item), stored_part(prepared, item)
        assert source is not None and part is not None
        judged = scratch_space.estimate_part_bytes(source["size"], None, usable=False)
        assert part["size"] < judged
        room = scratch_space.estimate_extract_mib(source["size"]) - scratch_space.WORKING_SPACE
        assert source["size"] + part["size"] < room * scratch_space.MEBIBYTE
        assert not scratch_space.is_too_small_to_merge(
            scratch_space.estimate_merge_mib([judged]) * scratch_space.MEBIBYTE, [part["size"]]
        )


def test_one_source_is_a_release_as_well(prepared: Store, tmp_path: Path) -> None:
    manifest = run(prepared, tmp_path, [LUXEMBOURG])
    assert zones_of(prepared, object_keys.LATEST_ZONES) == zones_of(prepared, object_keys.get_part_key(LUXEMBOURG.name))
    part = stored_part(prepared, LUXEMBOURG)
    assert part is not None
    assert manifest["counts"] == {"zones": part["zones"], **part["counts"]}


def test_a_removed_source_disappears(prepared: Store, tmp_path: Path) -> None:
    both, one = run(prepared, tmp_path), run(prepared, tmp_path, [GATINEAU])
    assert one["id"] != both["id"]
    assert {zone["country_code"] for zone in zones_of(prepared, object_keys.get_release_zones_key(one["id"]))} == {"CA"}
    assert len(zones_of(prepared, object_keys.get_release_zones_key(both["id"]))) == both["counts"]["zones"]


def test_a_retry_finds_the_work_done(prepared: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(prepared, tmp_path)
    monkeypatch.setattr(merge_step, "merge_files", None)  # would fail if called
    assert run(prepared, tmp_path) == first


def test_the_order_of_sources_does_not_matter(prepared: Store, tmp_path: Path) -> None:
    first = run(prepared, tmp_path)
    prepared.remove(object_keys.get_release_manifest_key(first["id"]))
    again = run(prepared, tmp_path, BOTH[::-1])
    assert again["id"] == first["id"]
    assert again["zones_file"] == first["zones_file"]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("no part", f"source {GATINEAU.name} has no zones yet"),
        ("no source", f"source {GATINEAU.name} has no zones yet"),
        ("lost", f"{object_keys.get_part_key(GATINEAU.name)} is not what its marker describes"),
        ("other languages", f"the zones of source {GATINEAU.name} are of another file, rules, extractor, languages or"),
        ("other mode", f"the zones of source {GATINEAU.name} are of another file, rules, extractor, languages or"),
        ("other file", f"the zones of source {GATINEAU.name} are of another file, rules, extractor, languages or"),
    ],
)
def test_no_release_without_a_part(prepared: Store, tmp_path: Path, damage: str, said: str) -> None:
    changes: dict[str, Any] = {}
    if damage == "no part":
        prepared.remove(object_keys.get_part_marker_key(GATINEAU.name))
    elif damage == "no source":
        prepared.remove(object_keys.get_source_marker_key(GATINEAU.name))
    elif damage == "lost":
        prepared.remove(object_keys.get_part_key(GATINEAU.name))
    elif damage == "other languages":
        changes = {"languages": ("fr",)}
    elif damage == "other mode":
        changes = {"as_original": True}
    else:
        marker = stored_source(prepared, GATINEAU)
        assert marker is not None
        prepared.write_json(object_keys.get_source_marker_key(GATINEAU.name), {**marker, "sha256": "0"})
    with pytest.raises(StepError, match="no release without all its sources") as failed:
        run(prepared, tmp_path, **changes)
    assert said in str(failed.value)
    assert failed.value.exit_code == 1
    assert list(prepared.client.list_objects(prepared.bucket, "releases/", recursive=True)) == []
    assert prepared.find_info(object_keys.LATEST_ZONES) is None


def test_storage_killed_in_the_middle_leaves_no_release_and_the_next_run_succeeds(
    own_minio: MinIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = find_store(own_minio.environment(BUCKET))
    fetch(store, GATINEAU, Settings())
    extract(store, GATINEAU, inputs(), threads=1, scratch=tmp_path)
    merge = merge_step.merge_files

    def merge_and_kill(*arguments: Any) -> Any:
        own_minio.kill()
        return merge(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(merge_step, "merge_files", merge_and_kill)
        patched.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)
        with pytest.raises(TransientError, match="is the server up"):
            run(store, tmp_path, [GATINEAU])
    assert list(tmp_path.iterdir()) == []
    own_minio.start()
    assert list(store.client.list_objects(store.bucket, "releases/", recursive=True)) == []
    assert run(store, tmp_path, [GATINEAU])["counts"]["zones"] == 1


def test_a_neighbour_in_two_extracts_is_kept_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "sources" / "copy.osm.pbf"
    copy.parent.mkdir()
    copy.write_bytes((DATA / "gatineau.osm.pbf").read_bytes())
    items = [GATINEAU, SourceConfig("copy.osm.pbf", f"file://{copy}", "CA")]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for item in items:
        fetch(store, item, Settings())
        extract(store, item, inputs(), threads=1, scratch=scratch)
    manifest = run(store, scratch, items)
    assert manifest["counts"]["zones"] == 1
    sources = {"copy.osm.pbf", GATINEAU.name}
    assert [zone["osm_id"] for zone in manifest["dropped"]] == ["relation:5356213"]
    assert {manifest["dropped"][0]["source"], manifest["dropped"][0]["kept_source"]} == sources
    assert manifest["dropped_count"] == 1
    monkeypatch.setattr("cosmogony_pipeline.steps.merge.MAX_DROPPED", 0)
    made = merge_parts(store, items, inputs(), LATER, scratch=scratch)
    assert (made.dropped, made.dropped_count) == ((), 1)


def test_refused_zones_are_a_permanent_error(tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", country())
    with pytest.raises(StepError, match=r"merge: 1 zone is refused: .*flat\.jsonl, line 3 \(relation:902\)") as error:
        merge_files(dict.fromkeys([RECORDS / "flat.jsonl", other]), tmp_path / "merged.jsonl.gz")
    assert error.value.exit_code == 1
    assert not (tmp_path / "merged.jsonl.gz").exists()
