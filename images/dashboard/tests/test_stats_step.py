# SPDX-License-Identifier: Apache-2.0
"""The step of a data update, against a real MinIO."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest
from cosmogony_dashboard.cli import main
from cosmogony_steps import pod_message
from services import free_port
from services.objectstore import MinIO

from .test_file_command import luxembourg

BUCKET = "cosmogony"
RELEASE = "20261122t221000-3f9ab2c1"


@pytest.fixture
def environment(minio: MinIO, monkeypatch: pytest.MonkeyPatch) -> None:
    minio.empty_bucket(BUCKET)
    for name, value in minio.environment(BUCKET).items():
        monkeypatch.setenv(name, value)


def put(minio: MinIO, content: bytes, counts: dict[str, dict[str, int]] | None = None) -> None:
    """Store a release: its zones, and a manifest with their number by country and zone type."""
    manifest = {"id": RELEASE, "counts": {"zones": 0, "by_country": counts or {}}}
    for name, data in (("zones.jsonl.gz", content), ("manifest.json", json.dumps(manifest).encode())):
        minio.client().put_object(BUCKET, f"releases/{RELEASE}/{name}", io.BytesIO(data), len(data))


def lines(cantons: int) -> bytes:
    return b"".join(json.dumps(zone).encode() + b"\n" for zone in luxembourg(cantons))


def outputs(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.usefixtures("environment")
def test_results_are_written_for_the_release_and_counted(minio: MinIO, tmp_path: Path) -> None:
    put(minio, gzip.compress(lines(13)))
    assert main(["stats", "--release", RELEASE, "--outputs", str(tmp_path / "new")]) == 0
    assert outputs(tmp_path / "new") == {"ok": "3", "ko": "0", "skip": "259"}
    texts = [
        minio.client().get_object(BUCKET, key).read()
        for key in (f"releases/{RELEASE}/test_results.json", "cosmogony-data/concat/tests_results.json")
    ]
    assert texts[0] == texts[1]
    noted = minio.client().stat_object(BUCKET, f"releases/{RELEASE}/test_results.json").metadata
    assert float(noted["x-amz-meta-seconds"]) >= 0  # for the report of the run
    cantons = [record for record in json.loads(texts[0]) if record["zone_type_local_name"] == "canton"]
    assert {"Luxembourg"} <= {record["name"] for record in cantons if record["test_status"] == "ok"}


@pytest.mark.usefixtures("environment")
def test_counts_are_judged_where_the_data_claim_the_zone_type(
    minio: MinIO, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(minio, gzip.compress(lines(13)), {"LI": {"country": 1, "city": 11}, "US": {"country": 1}})
    assert main(["stats", "--release", RELEASE, "--outputs", str(tmp_path)]) == 0
    results = json.loads(minio.client().get_object(BUCKET, f"releases/{RELEASE}/test_results.json").read())
    claimed = {(row["name"], row["zone_type"], row["test_status"]) for row in results if row["claimed"]}
    assert claimed == {
        ("Liechtenstein", "city", "skip"),
        *(("Luxembourg", zone_type, "ok") for zone_type in ("state", "state_district", "city")),
    }
    assert "the data do not claim the zone type of 258 of all" in capsys.readouterr().err
    sources = '--set=sources.extracts=[{"url": "https://e.org/us.pbf", "country_code": "US", "levels": ["state"]}]'
    assert main(["stats", "--release", RELEASE, "--outputs", str(tmp_path), sources]) == 0
    assert "the data do not claim the zone type of 257 of all" in capsys.readouterr().err


@pytest.mark.usefixtures("environment")
def test_a_release_without_manifest_is_refused(minio: MinIO, capsys: pytest.CaptureFixture[str]) -> None:
    put(minio, gzip.compress(lines(13)))
    minio.client().remove_object(BUCKET, f"releases/{RELEASE}/manifest.json")
    assert main(["stats", "--release", RELEASE]) == 1
    said = capsys.readouterr().err
    assert f"releases/{RELEASE}/manifest.json" in said
    assert "run the merge step of this release first" in said


@pytest.mark.usefixtures("environment")
def test_ko_does_not_fail_the_step(minio: MinIO, tmp_path: Path) -> None:
    put(minio, gzip.compress(lines(5)))
    assert main(["stats", "--release", RELEASE, "--outputs", str(tmp_path)]) == 0
    assert outputs(tmp_path)["ko"] == "1"


@pytest.mark.usefixtures("environment")
def test_damaged_zones_are_a_permanent_failure(
    minio: MinIO, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in (gzip.compress(lines(13))[:-20], b"no gzip", gzip.compress(b'{"id": 1}\n{"id')):
        put(minio, content)
        assert main(["stats", "--release", RELEASE, "--outputs", str(tmp_path)]) == 1
        assert RELEASE in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(("release", "code"), [("20200101t000000-00000000", 1), ("../osm", 2), ("", 2)])
def test_unknown_release_is_named(
    release: str, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    message_file = tmp_path / "termination-log"
    message_file.touch()
    monkeypatch.setattr(pod_message, "FILE", str(message_file))
    assert main(["stats", "--release", release]) == code
    said = capsys.readouterr().err
    assert release in said
    assert said.endswith(f" ERROR {message_file.read_text()}\n"), "the pod's message is the cause"
    assert message_file.read_text().startswith("stats: ")


@pytest.mark.usefixtures("environment")
def test_wrong_credentials_are_permanent_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], minio: MinIO
) -> None:
    monkeypatch.setenv("S3_SECRET_KEY", "wrong-secret-key")
    put(minio, gzip.compress(lines(13)))
    assert main(["stats", "--release", RELEASE]) == 1
    message = capsys.readouterr().err
    assert minio.endpoint in message
    assert "wrong-secret-key" not in message


def test_missing_settings_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["stats", "--release", RELEASE]) == 2
    said = capsys.readouterr().err
    assert "S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY not set" in said
    assert "or storage.endpoint in its settings" in said


@pytest.mark.usefixtures("environment")
def test_unreachable_server_is_transient(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("S3_ENDPOINT", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)
    assert main(["stats", "--release", RELEASE]) == 75
    assert "is the server up?" in capsys.readouterr().err
