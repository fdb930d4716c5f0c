# SPDX-License-Identifier: Apache-2.0
"""The steps of the pipeline with a real S3 store: load, tiles, gate, publish."""

from __future__ import annotations

import gzip
import json

import psycopg
import pytest
from importer_support.helpers import ID, STATISTICS, Bucket, Importer, features, grid, manifest_source, tile, zone


def test_all_steps_in_order(
    importer: Importer, bucket: Bucket, db: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("ARGO_PROGRESS_FILE", str(tmp_path / "progress"))
    bucket.release([*grid(4), zone(99, "Hamlet", "suburb", None, None)])
    importer.run("load", "--release", ID)
    assert importer.output("zones") == "17"
    assert (tmp_path / "progress").read_text() == "100/100\n"
    assert "already loaded: 17 zones" in importer.run("load", "--release", ID)
    assert importer.output("zones") == "17"
    importer.run("tiles", "--release", ID, "--max-zoom", 5)
    assert int(importer.output("tiles")) >= 10
    importer.run("gate", "--release", ID)
    assert importer.output("verdict") == "passed"
    importer.run("publish", "--release", ID)
    assert importer.output("release") == ID
    row = db.execute(
        "SELECT id, schema_name, inputs_digest, manifest, statistics, stored_zoom FROM cosmogony_release"
    ).fetchone()
    assert row[:3] == (ID, "release_20261122t221000_3f9ab2c1", "3f9ab2c1")
    assert [source["name"] for source in row[3]["sources"]] == ["land.osm.pbf"]
    assert row[4] == STATISTICS
    assert row[5] == 5
    manifest = bucket.get(f"releases/{ID}/manifest.json")
    assert manifest["state"] == "published"
    assert manifest["published"] == row[3]["published"]
    assert manifest["sources"] == [manifest_source("land.osm.pbf")]
    assert len(features(tile(db, 5, 16, 15, ID))) == 17
    importer.run("publish", "--release", ID)  # again: nothing changes
    assert bucket.get(f"releases/{ID}/manifest.json") == manifest


def test_load_of_unknown_release_fails(importer: Importer, bucket: Bucket) -> None:
    assert f"releases/{ID}/manifest.json does not exist" in importer.run("load", "--release", ID, code=1)
    assert importer.list() == []


def test_load_without_zones_file_fails(importer: Importer, bucket: Bucket) -> None:
    bucket.release(grid(2))
    bucket.client.remove_object(bucket.name, f"releases/{ID}/zones.jsonl.gz")
    assert "zones.jsonl.gz does not exist" in importer.run("load", "--release", ID, code=1)
    assert importer.list() == []


def test_load_of_truncated_zones_file_fails(importer: Importer, bucket: Bucket, db: psycopg.Connection) -> None:
    bucket.release(grid(3))
    whole = gzip.compress("".join(json.dumps(one) + "\n" for one in grid(3)).encode())
    bucket.put(f"releases/{ID}/zones.jsonl.gz", whole[:-99])
    assert "zones.jsonl.gz: the gzip file is damaged" in importer.run("load", "--release", ID, code=1)
    assert importer.list() == []
    bucket.release(grid(3))
    importer.run("load", "--release", ID)
    assert importer.output("zones") == "10"


def test_gate_compares_counts_of_the_manifest(importer: Importer, bucket: Bucket) -> None:
    bucket.release(grid(3), count=20)
    importer.run("load", "--release", ID)
    said = importer.run("gate", "--release", ID, code=1)
    assert "the manifest says 20 zones, 10 were loaded and 0 had no geometry" in said


def test_gate_blocks_missing_statistics(importer: Importer, bucket: Bucket) -> None:
    bucket.release(grid(3))
    bucket.client.remove_object(bucket.name, f"releases/{ID}/test_results.json")
    importer.run("load", "--release", ID)
    assert "test_results.json are missing; run the step stats" in importer.run("gate", "--release", ID, code=1)
    importer.run("gate", "--release", ID, "--override", "no statistics wanted")
    importer.run("publish", "--release", ID)


@pytest.mark.parametrize(
    ("name", "value", "code", "said"),
    [
        ("S3_SECRET_KEY", "wr0ng", 1, "SignatureDoesNotMatch"),
        ("S3_ACCESS_KEY", "nobody", 1, "InvalidAccessKeyId"),
        ("S3_BUCKET", "no-such-bucket", 1, "NoSuchBucket"),
        ("S3_ENDPOINT", "127.0.0.1:9", 75, "127.0.0.1:9"),
        ("S3_SECURE", "maybe", 2, "S3_SECURE: 'maybe' is neither true nor false"),
        ("S3_ACCESS_KEY", "", 2, "S3_ACCESS_KEY not set"),
        ("S3_ENDPOINT", "http://127.0.0.1:9", 2, "give it without scheme and path"),
    ],
)
def test_refuses_wrong_settings_of_the_store(
    importer: Importer, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, name: str, value: str, code: int, said: str
) -> None:
    bucket.release(grid(2))
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)
    monkeypatch.setenv(name, value)
    complaint = importer.run("load", "--release", ID, code=code)
    assert said in complaint
    assert "wr0ng" not in complaint


def test_publish_succeeds_without_the_store(
    importer: Importer, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch is done; the manifest in the store is written when the step runs again."""
    bucket.release(grid(3))
    importer.run("load", "--release", ID)
    importer.run("gate", "--release", ID)
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)
    with monkeypatch.context() as away:
        away.setenv("S3_ENDPOINT", "127.0.0.1:9")
        importer.run("publish", "--release", ID, code=75)
    assert importer.live() == ID
    importer.run("publish", "--release", ID)
    assert bucket.get(f"releases/{ID}/manifest.json")["state"] == "published"
