# SPDX-License-Identifier: Apache-2.0
"""What status reports about releases, database and S3 store."""

from __future__ import annotations

import io
import json
from typing import Any

import psycopg
import pytest
from importer_support.helpers import ID, Bucket, Importer, Zones, grid, manifest_inputs, manifest_source


def status(importer: Importer) -> dict[str, Any]:
    importer.run("status")
    document = json.loads(importer.out.splitlines()[-1])
    assert json.loads(importer.output("status")) == document
    return document


def test_works_before_the_first_release(importer: Importer, db: psycopg.Connection) -> None:
    document = status(importer)
    assert document["releases"] == []
    assert document["database"]["name"] == importer.database
    assert document["database"]["bytes"] > 1_000_000
    assert "store" not in document, "no S3 store is configured"


def test_status_reports_releases_and_prefixes(importer: Importer, bucket: Bucket, db: psycopg.Connection) -> None:
    bucket.release(grid(4), inputs=manifest_inputs(as_original=True))
    bucket.client.put_object(bucket.name, "osm/land.osm.pbf", io.BytesIO(b"x" * 500), 500)
    bucket.client.put_object(bucket.name, "notes.txt", io.BytesIO(b"y" * 7), 7)
    importer.run("load", "--release", ID)
    importer.run("gate", "--release", ID, "--override", "a test")
    importer.run("publish", "--release", ID)
    document = status(importer)
    (release,) = document["releases"]
    assert (release["id"], release["live"], release["zones"], release["state"]) == (ID, True, 17, "published")
    assert release["gate"] in ("passed", "overridden")
    assert release["bytes"] > 8192
    assert [source["name"] for source in release["sources"]] == ["land.osm.pbf"]
    assert release["as_original"] is True
    assert document["store"]["bucket"] == bucket.name
    prefixes = document["store"]["prefixes"]
    assert prefixes["osm/"] == {"objects": 1, "bytes": 500}
    assert prefixes["other"] == {"objects": 1, "bytes": 7}
    assert prefixes["releases/"]["objects"] == 3
    assert prefixes["cosmogony-data/parts/"] == {"objects": 0, "bytes": 0}


def test_status_lists_the_first_of_many_sources(importer: Importer, bucket: Bucket) -> None:
    bucket.release(grid(2), sources=[manifest_source(f"region-{number:04}.osm.pbf") for number in range(1000)])
    importer.run("load", "--release", ID)
    (waiting,) = status(importer)["releases"]
    assert (waiting["sources"], waiting["more_sources"]) == ([], 1000)
    importer.run("gate", "--release", ID)
    importer.run("publish", "--release", ID)
    (live,) = status(importer)["releases"]
    assert live["sources"][0]["name"] == "region-0000.osm.pbf"
    assert len(live["sources"]) + live["more_sources"] == 1000
    assert len(importer.output("status").encode()) < 8192


def test_release_of_an_original_database_has_no_sources(
    importer: Importer, db: psycopg.Connection, zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer.load(zones.grid(size=2))
    assert [(one["sources"], one["as_original"]) for one in status(importer)["releases"]] == [([], None)]


def test_status_ignores_unreadable_manifest(importer: Importer, db: psycopg.Connection, zones: Zones) -> None:
    """As after going back to an earlier version of the stack."""
    release = importer.load(zones.grid(size=2))
    schema = "release_" + release.replace("-", "_")
    db.execute(f"UPDATE {schema}.manifest SET document = document || '{{\"format\": 99}}'")
    (document,) = status(importer)["releases"]
    assert (document["id"], document["sources"]) == (release, [])
    assert "99" in importer.err
