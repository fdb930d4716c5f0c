# SPDX-License-Identifier: Apache-2.0
"""The bucket, against a real MinIO."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable

import pytest
from cosmogony_steps.errors import MissingObjectError, StepError
from cosmogony_steps.s3 import Store
from services.connections import find_store
from services.objectstore import MinIO

BUCKET = "cosmogony"


@pytest.fixture
def store(minio: MinIO) -> Store:
    minio.empty_bucket(BUCKET)
    return find_store(minio.environment(BUCKET))


def test_documents(store: Store) -> None:
    store.write_json("a.json", {"ü": 1})
    assert store.read_json("a.json") == store.find_json("a.json") == {"ü": 1}
    assert store.read("a.json").endswith(b"}\n")
    with pytest.raises(MissingObjectError, match=r"reading b\.json at S3 .*/cosmogony failed: b\.json does not exist"):
        store.read_json("b.json")
    assert store.find_json("b.json") is None


def test_a_damaged_document(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.write("a.json", b"{")
    with pytest.raises(StepError, match=r"a\.json in S3 .* is not JSON"):
        store.read_json("a.json")
    assert store.find_json("a.json") is None
    assert "taking it as absent" in capsys.readouterr().err


def test_metadata(store: Store) -> None:
    store.write("a.json", b"{}", metadata={"seconds": "1.5"})
    found = store.find_info("a.json")
    assert found is not None
    assert (found.key, found.size, found.metadata) == ("a.json", 2, {"seconds": "1.5"})
    assert store.find_info("b.json") is None


def test_listing_and_removing(store: Store) -> None:
    for name in ("osm/a", "osm/b", "runs/a"):
        store.write(name, b"x")
    assert [found.key for found in store.list_objects("osm/")] == ["osm/a", "osm/b"]
    store.remove("osm/a", "absent")
    assert [found.key for found in store.list_objects()] == ["osm/b", "runs/a"]
    store.remove()


def test_a_copy(store: Store) -> None:
    store.write("a", b"content")
    store.copy("a", "b", 7)
    assert store.read("b") == b"content"


def test_a_stream_that_fails_leaves_nothing(store: Store) -> None:
    class Broken:
        def read(self, size: int = -1, /) -> bytes:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"):
        store.upload("a", Broken(), None)
    assert store.find_info("a") is None
    assert store.list_unfinished_uploads("a") == []
    etag = store.upload("a", io.BytesIO(b"content"), 7)
    found = store.find_info("a")
    assert found is not None
    assert found.etag == etag


def test_unfinished_uploads(store: Store) -> None:
    store.client._create_multipart_upload(BUCKET, "osm/a", {})
    (upload,) = store.list_unfinished_uploads("osm/a")
    store.abort_upload(upload)
    store.abort_upload(upload)
    store.client._create_multipart_upload(BUCKET, "osm/a", {})
    store.abort_uploads_of_key("osm/a")
    assert store.list_unfinished_uploads("osm/a") == []


def test_stream_resumes_after_a_broken_connection(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    content = random.Random(5).randbytes(5_000_000)
    store.write("a", content)
    with store.open("a") as stream:
        assert stream.size == len(content)
        received, broken = bytearray(), False
        while chunk := stream.read(200_000):
            received += chunk
            if not broken and len(received) > 600_000 and stream._response is not None:
                stream._response.close()  # the connection is gone: the next read finds it closed
                broken = True
    assert received == content
    assert broken


def test_stream_fails_when_the_object_was_replaced(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    store.write("a", bytes(5_000_000))
    with store.open("a") as stream:
        stream.read(1000)
        assert stream._response is not None
        stream._response.close()
        store.write("a", b"other")
        with pytest.raises(StepError, match="PreconditionFailed"):
            stream.read(1000)


def test_an_empty_object(store: Store) -> None:
    store.write("a", b"")
    assert store.read("a") == b""


def test_wrong_keys_and_a_wrong_bucket(minio: MinIO) -> None:
    environment = minio.environment(BUCKET)
    for name, said in (("S3_SECRET_KEY", "SignatureDoesNotMatch"), ("S3_ACCESS_KEY", "InvalidAccessKeyId")):
        with pytest.raises(StepError, match=said) as failed:
            find_store({**environment, name: "wrong-key"}).read("a")
        assert failed.value.exit_code == 1
    with pytest.raises(StepError, match="create it or correct S3_BUCKET") as failed:
        find_store({**environment, "S3_BUCKET": "another"}).read("a")
    assert failed.value.exit_code == 1


def test_a_wrong_region(start_minio: Callable[..., MinIO]) -> None:
    server = start_minio(region="eu-north-1")
    store = find_store({**server.environment(BUCKET), "S3_REGION": "us-east-1"})
    deadline = time.monotonic() + 30
    while _read_error(store).count("S3_REGION") == 0 and time.monotonic() < deadline:
        time.sleep(0.1)  # a MinIO that has just been started answers before it knows its region
    for ask in (store.read, store.find_info):
        with pytest.raises(StepError, match="S3_REGION") as failed:
            ask("a")
        assert failed.value.exit_code == 1


def _read_error(store: Store) -> str:
    with pytest.raises(StepError) as failed:
        store.read("a")
    return str(failed.value)
