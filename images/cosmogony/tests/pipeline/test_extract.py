# SPDX-License-Identifier: Apache-2.0
"""Step extract with the real extractor, real extracts and a real MinIO."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from bucket import BUCKET
from cosmogony.errors import CosmogonyError
from cosmogony.pipeline import engine, keys, markers
from cosmogony.pipeline.extract import Extracted, extract
from cosmogony.pipeline.fetch import fetch
from cosmogony.pipeline.items import Item
from cosmogony.pipeline.store import Store
from cosmogony_steps.errors import StepError

DATA = Path(__file__).parents[4] / "tests" / "data"
LUXEMBOURG = Item("luxembourg_filtered.osm.pbf", f"file://{DATA}/luxembourg_filtered.osm.pbf", "LU", (), True)
GATINEAU = Item("gatineau.osm.pbf", f"file://{DATA}/gatineau.osm.pbf", "CA")


def zones_of(store: Store, key: str) -> list[dict[str, Any]]:
    response = store.client.get_object(BUCKET, key)
    try:
        return [json.loads(line) for line in gzip.decompress(response.read()).splitlines()]
    finally:
        response.close()
        response.release_conn()


def run(store: Store, item: Item, scratch: Path, languages: tuple[str, ...] = ("en",), **options: Any) -> Extracted:
    return extract(store, item, languages, scratch=scratch, threads=1, **options)


def test_zones_and_marker_of_luxembourg(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = fetch(store, LUXEMBOURG, {})
    made = run(store, LUXEMBOURG, tmp_path)
    assert not made.skipped
    zones = zones_of(store, keys.part(LUXEMBOURG.name))
    assert made.zones == len(zones)
    assert sum(zone["geometry"] is not None for zone in zones) == 198
    marker = markers.read_part(store, LUXEMBOURG)
    assert marker is not None
    assert markers.describes(marker, store.stat(keys.part(LUXEMBOURG.name)))
    assert marker["counts"]["by_type"]["state_district"] == 13
    assert marker["source"]["sha256"] == source["sha256"]
    assert marker["country"] == "LU"
    assert marker["languages"] == ["en"]
    assert list(tmp_path.iterdir()) == []
    assert f"source {LUXEMBOURG.name}: writing zones" in capsys.readouterr().err


def test_the_same_work_is_skipped_without_a_download(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(store, GATINEAU, {})
    assert run(store, GATINEAU, tmp_path) == Extracted(1, False)
    monkeypatch.setattr("cosmogony.pipeline.extract.download", None)  # would fail if called
    assert run(store, GATINEAU, tmp_path) == Extracted(1, True)


@pytest.mark.parametrize(
    "change", ["file", "rules", "extractor", "languages", "country", "voronoi", "own languages", "lost", "replaced"]
)
def test_whatever_changed_is_extracted_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    fetch(store, GATINEAU, {})
    run(store, GATINEAU, tmp_path)
    item, languages = GATINEAU, ("en",)
    if change == "file":
        marker = markers.read_source(store, item)
        assert marker is not None
        content = (DATA / "luxembourg_filtered.osm.pbf").read_bytes()
        etag = store.upload(keys.source(item.name), io.BytesIO(content), None)
        fresh = {"etag": etag, "size": len(content), "sha256": _sha256(content)}
        store.write_json(keys.source_marker(item.name), {**marker, **fresh})
    elif change in ("rules", "extractor"):
        monkeypatch.setattr(engine, f"{change}_digest", lambda: "another")
    elif change == "languages":
        languages = ("fr",)
    elif change == "own languages":
        item = Item(item.name, item.url, "CA", ("fr",))
    elif change == "country":
        item = Item(item.name, item.url, "FR")
    elif change == "voronoi":
        item = Item(item.name, item.url, "CA", (), True)
    elif change == "lost":
        store.remove(keys.part(item.name))
    else:
        store.upload(keys.part(item.name), io.BytesIO(b"other zones"), None)
    assert not run(store, item, tmp_path, languages).skipped
    assert run(store, item, tmp_path, languages).skipped


def _sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def test_what_was_not_fetched_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StepError, match=rf"source {GATINEAU.name}: not fetched yet"):
        run(store, GATINEAU, tmp_path)


def test_a_file_that_is_not_its_markers_is_refused(store: Store, tmp_path: Path) -> None:
    marker = fetch(store, GATINEAU, {})
    etag = store.upload(keys.source(GATINEAU.name), io.BytesIO(b"x" * marker["size"]), None)
    with pytest.raises(StepError, match="is not what its marker describes; fetch it again"):
        run(store, GATINEAU, tmp_path)
    store.write_json(keys.source_marker(GATINEAU.name), {**marker, "etag": etag})
    with pytest.raises(StepError, match="has sha256"):
        run(store, GATINEAU, tmp_path)
    assert store.stat(keys.part(GATINEAU.name)) is None


@pytest.mark.parametrize("content", [b"no extract at all", b"half"])
def test_a_broken_extract_fails_for_good_and_keeps_the_last_zones(store: Store, tmp_path: Path, content: bytes) -> None:
    fetch(store, GATINEAU, {})
    run(store, GATINEAU, tmp_path)
    before = markers.read_part(store, GATINEAU)
    if content == b"half":
        content = (DATA / "gatineau.osm.pbf").read_bytes()[:9000]
    path = tmp_path / GATINEAU.name
    path.write_bytes(content)
    broken = Item(GATINEAU.name, f"file://{path}", "CA")
    fetch(store, broken, {})
    with pytest.raises(StepError, match=rf"source {GATINEAU.name}: ") as failed:
        run(store, broken, tmp_path)
    assert failed.value.exit_code == 1
    assert "\n" not in str(failed.value)
    assert markers.read_part(store, GATINEAU) == before
    assert [entry.name for entry in tmp_path.iterdir()] == [GATINEAU.name]


def test_an_extract_without_a_known_country_is_explained(store: Store, tmp_path: Path) -> None:
    item = Item(GATINEAU.name, GATINEAU.url)
    fetch(store, item, {})
    with pytest.raises(StepError, match=rf"source {GATINEAU.name}: .*country"):
        run(store, item, tmp_path)


def test_too_little_scratch_space_is_said_before_the_download(store: Store, tmp_path: Path) -> None:
    fetch(store, GATINEAU, {})
    with pytest.raises(StepError, match=rf"source {GATINEAU.name}: 1.0 MB of scratch space.*257Mi"):
        run(store, GATINEAU, tmp_path, disk=1_048_576)


def test_an_unusable_scratch_folder_is_named(store: Store, tmp_path: Path) -> None:
    fetch(store, GATINEAU, {})
    with pytest.raises(StepError, match="name a writable --scratch"):
        run(store, GATINEAU, tmp_path / "absent")


def test_progress_goes_forward_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int | None]] = []
    monkeypatch.setattr("cosmogony_steps.progress.Progress.set", lambda _, done, total=None: seen.append((done, total)))
    engine.generate(
        DATA / "luxembourg_filtered.osm.pbf",
        tmp_path / "zones.jsonl.gz",
        what="x",
        country_code="LU",
        languages=(),
        disable_voronoi=False,
        threads=1,
    )
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

    fetch(store, GATINEAU, {})
    monkeypatch.setattr("cosmogony.generate.generate", write_to_a_full_disk)
    with pytest.raises(StepError, match=rf"{GATINEAU.name}: no space left in {tmp_path}; give the step more ephemeral"):
        run(store, GATINEAU, tmp_path)
    assert list(tmp_path.iterdir()) == []
