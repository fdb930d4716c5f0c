# SPDX-License-Identifier: Apache-2.0
"""Step extract with the real extractor, real extracts and a real MinIO."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from checkout import DATA
from cosmogony.errors import CosmogonyError
from cosmogony.findings import FindingCount, FindingTable, LeftOutReason, RepairKind
from cosmogony.generate import generate
from cosmogony_pipeline.extractor import report_stages
from cosmogony_pipeline.release import markers
from cosmogony_pipeline.release.inputs import digest_document, make_inputs
from cosmogony_pipeline.sources.source_config import SourceConfig
from cosmogony_pipeline.steps.extract import ExtractResult, extract
from cosmogony_pipeline.steps.fetch import fetch
from cosmogony_steps import object_keys
from cosmogony_steps.documents import Inputs
from cosmogony_steps.errors import StepError
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings
from msgspec import structs

from .bucket import BUCKET, stored_part, stored_source

LUXEMBOURG = SourceConfig("luxembourg_filtered.osm.pbf", f"file://{DATA}/luxembourg_filtered.osm.pbf", "LU", (), True)
GATINEAU = SourceConfig("gatineau.osm.pbf", f"file://{DATA}/gatineau.osm.pbf", "CA")


def zones_of(store: Store, key: str) -> list[dict[str, Any]]:
    response = store.client.get_object(BUCKET, key)
    try:
        return [json.loads(line) for line in gzip.decompress(response.read()).splitlines()]
    finally:
        response.close()
        response.release_conn()


def inputs(**changes: Any) -> Inputs:
    return structs.replace(make_inputs(Settings(languages=("en",)), ""), **changes)


def run(
    store: Store, item: SourceConfig, scratch: Path, made_from: Inputs | None = None, **options: Any
) -> ExtractResult:
    return extract(store, item, made_from or inputs(), scratch=scratch, threads=1, **options)


def test_zones_and_marker_of_luxembourg(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = fetch(store, LUXEMBOURG, Settings())
    made = run(store, LUXEMBOURG, tmp_path)
    assert not made.skipped
    zones = zones_of(store, object_keys.get_part_key(LUXEMBOURG.name))
    assert made.zones == len(zones)
    assert sum(zone["geometry"] is not None for zone in zones) == 198
    marker = stored_part(store, LUXEMBOURG)
    assert marker is not None
    assert markers.is_intact(
        markers.read_part_marker(store, LUXEMBOURG), store.find_info(object_keys.get_part_key(LUXEMBOURG.name))
    )
    assert marker["counts"]["by_type"]["state_district"] == 13
    assert marker["source"]["sha256"] == source.sha256
    assert marker["country"] == "LU"
    assert (marker["languages"], marker["as_original"]) == (["en"], False)
    for name in ("left_out", "repaired"):
        assert all(set(row) == set(FindingCount.__annotations__) for row in marker[name])
    assert list(tmp_path.iterdir()) == []
    assert f"source {LUXEMBOURG.name}: writing zones" in capsys.readouterr().err


def test_the_same_work_is_skipped_without_a_download(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(store, GATINEAU, Settings())
    assert run(store, GATINEAU, tmp_path) == ExtractResult(1, False)
    monkeypatch.setattr("cosmogony_pipeline.steps.extract.download_object", None)  # would fail if called
    assert run(store, GATINEAU, tmp_path) == ExtractResult(1, True)


@pytest.mark.parametrize(
    "change",
    [
        *("file", "rules", "extractor", "languages", "as original", "country", "voronoi", "own languages"),
        *("lost", "replaced", "no as_original"),
    ],
)
def test_every_changed_input_extracts_again(store: Store, tmp_path: Path, change: str) -> None:
    fetch(store, GATINEAU, Settings())
    run(store, GATINEAU, tmp_path)
    item, made_from = GATINEAU, inputs()
    if change == "file":
        marker = stored_source(store, item)
        assert marker is not None
        content = (DATA / "luxembourg_filtered.osm.pbf").read_bytes()
        etag = store.upload(object_keys.get_source_key(item.name), io.BytesIO(content), None)
        fresh = {"etag": etag, "size": len(content), "sha256": _sha256(content)}
        store.write_json(object_keys.get_source_marker_key(item.name), {**marker, **fresh})
    elif change in ("rules", "extractor"):
        made_from = inputs(**{change: "another"})
    elif change == "languages":
        made_from = inputs(languages=("fr",))
    elif change == "as original":
        made_from = inputs(as_original=True)
    elif change == "own languages":
        item = SourceConfig(item.name, item.url, "CA", ("fr",))
    elif change == "country":
        item = SourceConfig(item.name, item.url, "FR")
    elif change == "voronoi":
        item = SourceConfig(item.name, item.url, "CA", (), True)
    elif change == "lost":
        store.remove(object_keys.get_part_key(item.name))
    elif change == "no as_original":  # a marker from before there was a choice
        marker = stored_part(store, item)
        assert marker is not None
        former = {key: marker[key] for key in ("rules", "extractor", "languages", "country_code", "disable_voronoi")}
        digest = digest_document({"source": marker["source"]["sha256"], **former})
        store.write_json(object_keys.get_part_marker_key(item.name), {**marker, "digest": digest})
    else:
        store.upload(object_keys.get_part_key(item.name), io.BytesIO(b"other zones"), None)
    assert not run(store, item, tmp_path, made_from).skipped
    assert run(store, item, tmp_path, made_from).skipped


@pytest.mark.parametrize("as_original", [False, True])
def test_the_extractor_makes_the_zones_that_the_marker_names(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_original: bool
) -> None:
    results = []

    def generate_and_keep(*arguments: Any, **options: Any) -> Any:
        results.append(generate(*arguments, **options))
        return results[-1]

    monkeypatch.setattr("cosmogony_pipeline.steps.extract.generate", generate_and_keep)
    fetch(store, GATINEAU, Settings())
    run(store, GATINEAU, tmp_path, inputs(as_original=as_original))
    marker = stored_part(store, GATINEAU)
    assert marker is not None
    assert [result.as_original for result in results] == [marker["as_original"]] == [as_original]
    assert (marker["left_out"], marker["repaired"]) == (results[0].left_out, results[0].repaired)


def test_the_log_counts_what_was_left_out_or_repaired(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left_out, repaired = FindingTable(), FindingTable()
    for number in range(3):
        left_out.count_object(LeftOutReason.NO_NAME, f"relation:{number}", country_code="CA", admin_level=number)
    left_out.count_object(LeftOutReason.BROKEN_GEOMETRY, "relation:7")
    repaired.count_object(RepairKind.ROLE, "relation:8")

    def generate_with_findings(*arguments: Any, **options: Any) -> Any:
        found = {"left_out": left_out.to_rows(), "repaired": repaired.to_rows()}
        return dataclasses.replace(generate(*arguments, **options), **found)

    monkeypatch.setattr("cosmogony_pipeline.steps.extract.generate", generate_with_findings)
    fetch(store, GATINEAU, Settings())
    run(store, GATINEAU, tmp_path)
    said = capsys.readouterr().err
    assert f"{GATINEAU.name}: left out: broken_geometry 1, no_name 3\n" in said
    assert f"{GATINEAU.name}: repaired: role 1\n" in said


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def test_extract_names_a_source_that_was_not_fetched(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StepError, match=rf"source {GATINEAU.name}: not fetched yet"):
        run(store, GATINEAU, tmp_path)


def test_extract_rejects_a_file_that_its_marker_does_not_describe(store: Store, tmp_path: Path) -> None:
    marker = fetch(store, GATINEAU, Settings())
    etag = store.upload(object_keys.get_source_key(GATINEAU.name), io.BytesIO(b"x" * marker.size), None)
    with pytest.raises(StepError, match="is not what its marker describes; fetch it again"):
        run(store, GATINEAU, tmp_path)
    store.write_json(object_keys.get_source_marker_key(GATINEAU.name), {**marker.to_json(), "etag": etag})
    with pytest.raises(StepError, match="has sha256"):
        run(store, GATINEAU, tmp_path)
    assert store.find_info(object_keys.get_part_key(GATINEAU.name)) is None


@pytest.mark.parametrize("content", [b"no extract at all", b"half"])
def test_broken_extract_is_a_permanent_error_and_keeps_the_last_zones(
    store: Store, tmp_path: Path, content: bytes
) -> None:
    fetch(store, GATINEAU, Settings())
    run(store, GATINEAU, tmp_path)
    before = stored_part(store, GATINEAU)
    if content == b"half":
        content = (DATA / "gatineau.osm.pbf").read_bytes()[:9000]
    path = tmp_path / GATINEAU.name
    path.write_bytes(content)
    broken = SourceConfig(GATINEAU.name, f"file://{path}", "CA")
    fetch(store, broken, Settings())
    with pytest.raises(StepError, match=rf"source {GATINEAU.name}: ") as failed:
        run(store, broken, tmp_path)
    assert failed.value.exit_code == 1
    assert "\n" not in str(failed.value)
    assert stored_part(store, GATINEAU) == before
    assert [entry.name for entry in tmp_path.iterdir()] == [GATINEAU.name]


def test_an_extract_without_a_known_country_is_explained(store: Store, tmp_path: Path) -> None:
    item = SourceConfig(GATINEAU.name, GATINEAU.url)
    fetch(store, item, Settings())
    with pytest.raises(StepError, match=rf"source {GATINEAU.name}: .*country"):
        run(store, item, tmp_path)


def test_too_little_scratch_space_is_reported_before_the_download(store: Store, tmp_path: Path) -> None:
    fetch(store, GATINEAU, Settings())
    with pytest.raises(StepError, match=rf"source {GATINEAU.name}: 1.0 MB of scratch space.*257Mi"):
        run(store, GATINEAU, tmp_path, disk=1_048_576)


def test_an_unusable_scratch_folder_is_named(store: Store, tmp_path: Path) -> None:
    fetch(store, GATINEAU, Settings())
    with pytest.raises(StepError, match="name a writable --scratch"):
        run(store, GATINEAU, tmp_path / "absent")


def test_progress_never_decreases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int | None]] = []
    monkeypatch.setattr("cosmogony_steps.progress.Progress.set", lambda _, done, total=None: seen.append((done, total)))
    extract_file, target = DATA / "luxembourg_filtered.osm.pbf", tmp_path / "zones.jsonl.gz"
    with report_stages("x") as progress:
        result = generate(extract_file, target, country_code="LU", threads=1, progress=progress)
    progress.finish(result.zones)
    shares = [done / total for done, total in seen if total]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_full_disk_says_what_to_enlarge(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_to_a_full_disk(*_: object, **__: object) -> None:
        try:
            with Path("/dev/full").open("wb", buffering=0) as full:
                full.write(b"x")
        except OSError as cause:
            raise CosmogonyError("zones.jsonl.gz cannot be written") from cause

    fetch(store, GATINEAU, Settings())
    monkeypatch.setattr("cosmogony_pipeline.steps.extract.generate", write_to_a_full_disk)
    with pytest.raises(StepError, match=rf"{GATINEAU.name}: no space left in {tmp_path}; give the step more ephemeral"):
        run(store, GATINEAU, tmp_path)
    assert list(tmp_path.iterdir()) == []
