# SPDX-License-Identifier: Apache-2.0
"""Clean removes from the S3 store what nothing needs, and nothing else."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta

import pytest
from cosmogony_importer.housekeeping import leftovers
from cosmogony_steps.errors import StepError
from importer_support.helpers import Bucket, Importer, grid, manifest_source
from services.connections import find_store

URL = "http://download.example.org/"
RELEASES = [f"2026112{n}t221000-0000000{n}" for n in range(1, 5)]
OTHERS = [  # of nobody's business here
    "README.txt",
    "cosmogony-data/concat/cosmogony.jsonl.gz",
    "cosmogony-data/parts/notes.txt",
    "cosmogony-data/parts/sub/gone.osm.pbf.jsonl.gz",
    "osm/sub/gone.osm.pbf",
    "releases/latest/zones.jsonl.gz",
    "releases/manifest.json",
    "runs/sub/x.json",
]


def source(bucket: Bucket, name: str) -> list[str]:
    keys = [
        f"cosmogony-data/parts/{name}.json",
        f"cosmogony-data/parts/{name}.jsonl.gz",
        f"osm/{name}",
        f"osm/{name}.json",
    ]
    for key in keys:
        bucket.put(key, b"{}")
    return keys


def published(importer: Importer, bucket: Bucket, release: str, *names: str) -> None:
    bucket.release(grid(2), release, sources=[manifest_source(name) for name in names])
    importer.run("load", "--release", release)
    importer.run("gate", "--release", release)
    importer.run("publish", "--release", release)


def clean(importer: Importer, *names: str, more: tuple[object, ...] = ("--keep", 2)) -> str:
    sources = json.dumps([{"url": URL + name, "enabled": name[0] != "o"} for name in names])
    return importer.run("clean", f"--set=sources.extracts={sources}", *more)


def aged(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Let the time that clean knows run ahead."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None) -> datetime:
            return datetime.now(tz) + timedelta(days=days)

    monkeypatch.setattr("cosmogony_importer.commands.clean.datetime", Ahead)


def test_clean_removes_only_unneeded_objects(importer: Importer, bucket: Bucket) -> None:
    for key in OTHERS:
        bucket.put(key, b"x")
    kept = [key for name in ("a.osm.pbf", "off.osm.pbf", "before.osm.pbf") for key in source(bucket, name)]
    gone = [key for name in ("gone.osm.pbf", "longago.osm.pbf") for key in source(bucket, name)]
    for release, names in zip(RELEASES, (["longago.osm.pbf"], ["before.osm.pbf"], ["a.osm.pbf"]), strict=False):
        published(importer, bucket, release, *names)
    gone += bucket.keys(f"releases/{RELEASES[0]}/")
    everything = bucket.keys()

    said = clean(importer, "a.osm.pbf", "off.osm.pbf", more=("--keep", 2, "--dry-run", "true"))
    assert bucket.keys() == everything
    assert [release["id"] for release in importer.list()] == RELEASES[2::-1]
    for key in gone:
        assert f"would remove {key} (" in said
    assert said.count("would remove") == len(gone) == int(importer.output("removed"))
    assert f"would be dropped: {RELEASES[0]}" in said
    removed_bytes = importer.output("bytes")
    assert int(removed_bytes) > 16

    clean(importer, "a.osm.pbf", "off.osm.pbf", more=("--keep", 2, "--dry-run=false"))
    assert set(everything) - set(bucket.keys()) == set(gone)
    assert set(bucket.keys()) >= {*kept, *OTHERS}
    assert (importer.output("dropped"), importer.output("removed")) == (RELEASES[0], str(len(gone)))
    assert importer.output("bytes") == removed_bytes

    clean(importer, "a.osm.pbf", "off.osm.pbf")
    assert (importer.output("dropped"), importer.output("removed"), importer.output("bytes")) == ("", "0", "0")


def test_the_live_release_stays_after_a_rollback(importer: Importer, bucket: Bucket) -> None:
    for release in RELEASES[:3]:
        published(importer, bucket, release, "a.osm.pbf")
    importer.run("rollback", "--to", RELEASES[0])
    clean(importer, "a.osm.pbf", more=("--keep", 1))
    assert [release["id"] for release in importer.list()] == [RELEASES[0]]
    releases = {key.split("/")[1] for key in bucket.keys("releases/")}
    assert releases == {RELEASES[0]}


def test_clean_keeps_a_merged_release_that_is_not_loaded(importer: Importer, bucket: Bucket) -> None:
    """Only the newest, and only if it is newer than all that the database has."""
    kept = source(bucket, "new.osm.pbf")
    published(importer, bucket, RELEASES[1], "a.osm.pbf")
    for release, name in ((RELEASES[0], "old"), (RELEASES[2], "older"), (RELEASES[3], "new")):
        bucket.release(grid(2), release, sources=[manifest_source(f"{name}.osm.pbf")])
    assert f"release {RELEASES[3]} is merged and not loaded yet: kept" in clean(importer, "a.osm.pbf")
    assert {key.split("/")[1] for key in bucket.keys("releases/")} == {RELEASES[1], RELEASES[3]}
    assert set(bucket.keys()) >= set(kept)
    importer.run("load", "--release", RELEASES[3])


def test_clean_keeps_objects_without_live_release_or_sources(importer: Importer, bucket: Bucket) -> None:
    source(bucket, "gone.osm.pbf")
    bucket.release(grid(2), RELEASES[0])
    bucket.release(grid(2), RELEASES[1])
    everything = bucket.keys()
    said = importer.run("clean")
    assert "no release is live: all releases in the S3 store are kept" in said
    assert "no sources are configured: all extracts and parts in the S3 store are kept" in said
    importer.run("clean", "--set=sources.extracts=[]")
    assert bucket.keys() == everything
    for wrong in ("[", '[{"uri": 1}]', "[7]", "7"):
        assert "setting sources.extracts" in importer.run("clean", f"--set=sources.extracts={wrong}", code=2)
    assert bucket.keys() == everything


def test_without_an_object_store_only_the_database_is_cleaned(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("S3_ENDPOINT", raising=False)
    assert "S3 store: removed: 0 objects" in importer.run("clean")


def test_clean_removes_old_summaries(importer: Importer, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put("runs/cosmogony-update-a.json", b"{}")
    clean(importer, "a.osm.pbf", more=("--set=report.keep_days=30",))
    assert bucket.keys("runs/") == ["runs/cosmogony-update-a.json"]
    aged(monkeypatch, 31)
    clean(importer, "a.osm.pbf", more=("--set=report.keep_days=32",))
    assert bucket.keys("runs/") == ["runs/cosmogony-update-a.json"]
    clean(importer, "a.osm.pbf", more=("--set=report.keep_days=30",))
    assert bucket.keys("runs/") == []


def test_clean_keeps_the_plan_of_a_running_run(
    importer: Importer, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = ["runs/ended/plan.json", "runs/ended/summary.json", "runs/former.json"]
    running = ["runs/running/plan.json"]
    others = ["runs/notes.txt", "runs/ended/more.json", "runs/ended/sub/plan.json"]
    for key in (*ended, *running, *others):
        bucket.put(key, b"{}")

    def left(days: float) -> list[str]:
        aged(monkeypatch, days)
        clean(importer, "a.osm.pbf", more=("--set=report.keep_days=1",))
        return bucket.keys("runs/")

    assert left(0) == sorted([*ended, *running, *others])
    assert left(1.1) == sorted([*running, *others])
    assert left(8) == sorted(others)


def test_clean_removes_unfinished_uploads_older_than_a_day(
    importer: Importer, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(importer, bucket, RELEASES[0], "a.osm.pbf")
    keys = ["osm/a.osm.pbf", "cosmogony-data/concat/cosmogony.jsonl.gz", f"releases/{RELEASES[0]}/zones.jsonl.gz"]
    strange = "elsewhere/big.bin"
    for key in [*keys, strange]:
        bucket.client._create_multipart_upload(bucket.name, key, {})

    def unfinished(key: str) -> int:
        return len(bucket.client._list_multipart_uploads(bucket.name, prefix=key).uploads)

    clean(importer, "a.osm.pbf")
    assert [unfinished(key) for key in [*keys, strange]] == [1, 1, 1, 1]
    aged(monkeypatch, 1.1)
    assert "would remove osm/a.osm.pbf (0 bytes): an unfinished upload" in clean(
        importer, "a.osm.pbf", more=("--dry-run",)
    )
    clean(importer, "a.osm.pbf")
    assert importer.output("removed") == "3"
    assert [unfinished(key) for key in [*keys, strange]] == [0, 0, 0, 1]
    assert importer.live() == RELEASES[0]


def test_refuses_to_remove_objects_of_the_live_release(bucket: Bucket) -> None:
    """The last line of defence, whatever was found."""
    store = find_store(os.environ)
    kept = leftovers.KeptReleases(RELEASES[0], frozenset(RELEASES[:1]))
    for key in (f"releases/{RELEASES[0]}/zones.jsonl.gz", "elsewhere/x"):
        bucket.put("osm/gone.osm.pbf", b"x")
        bucket.put(key, b"x")
        found = [leftovers.Leftover(k, 1, "") for k in ("osm/gone.osm.pbf", key)]
        with pytest.raises(StepError, match="must not be removed; nothing was"):
            leftovers.remove_leftovers(store, kept, found)
        assert set(bucket.keys()) >= {"osm/gone.osm.pbf", key}
