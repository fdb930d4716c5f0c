# SPDX-License-Identifier: Apache-2.0
"""Step fetch, from a real HTTP server that misbehaves to a real MinIO."""

from __future__ import annotations

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cosmogony_pipeline.sources.source_config import SourceConfig
from cosmogony_pipeline.steps.fetch import fetch
from cosmogony_steps import object_keys
from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.retry import Backoff
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings, apply_environment
from services.objectstore import MinIO

from .bucket import BUCKET, source_at, stored_source
from .source_server import SourceServer

CONTENT = random.Random(1).randbytes(1_300_000)
NAME = "aland-latest.osm.pbf"
QUICK = Backoff(attempts=4, first=0.01)


def item_of(server: SourceServer, name: str = NAME) -> SourceConfig:
    return source_at(f"{server.url}/{name}")


def stored(store: Store, name: str = NAME) -> bytes:
    response = store.client.get_object(BUCKET, object_keys.get_source_key(name))
    try:
        return response.read()
    finally:
        response.close()
        response.release_conn()


def run(store: Store, item: SourceConfig) -> dict[str, Any]:
    return fetch(store, item, Settings(), QUICK).to_json()


def nothing_is_left(store: Store, name: str = NAME) -> bool:
    return (
        store.find_info(object_keys.get_source_key(name)) is None
        and store.find_info(object_keys.get_source_marker_key(name)) is None
        and not store.client._list_multipart_uploads(BUCKET, prefix=object_keys.get_source_key(name)).uploads
    )


def test_file_is_uploaded_once_and_described_by_its_marker(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT)
    marker = run(store, item_of(server))
    assert stored(store) == CONTENT
    assert server.body_bytes[f"/{NAME}"] == len(CONTENT)
    assert marker["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert marker["md5"] == hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert marker["size"] == len(CONTENT)
    assert marker["version_date"] == "2023-11-14"
    assert stored_source(store, item_of(server)) == marker


def test_the_same_version_is_not_fetched_again(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT)
    first = run(store, item_of(server))
    server.forget()
    assert run(store, item_of(server)) == first
    assert server.body_bytes[f"/{NAME}"] == 0


def test_another_version_replaces_the_first(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT)
    run(store, item_of(server))
    server.put(f"/{NAME}", CONTENT[::-1])
    run(store, item_of(server))
    assert stored(store) == CONTENT[::-1]


def test_a_lost_or_foreign_object_is_fetched_again(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT)
    run(store, item_of(server))
    store.remove(object_keys.get_source_key(NAME))
    run(store, item_of(server))
    assert stored(store) == CONTENT


def test_a_large_file_goes_in_parts(store: Store, server: SourceServer) -> None:
    content = CONTENT * 28  # 36 MB: three parts
    server.put(f"/{NAME}", content)
    marker = run(store, item_of(server))
    assert marker["etag"].endswith("-3")
    assert hashlib.sha256(stored(store)).hexdigest() == marker["sha256"]
    assert server.body_bytes[f"/{NAME}"] == len(content)


@pytest.mark.parametrize("cuts", [[500_000], [10, 0, 0, 700_000, 50_000]])
def test_a_broken_connection_is_resumed_where_it_broke(store: Store, server: SourceServer, cuts: list[int]) -> None:
    server.put(f"/{NAME}", CONTENT, cuts=list(cuts))
    marker = run(store, item_of(server))
    assert marker["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert stored(store) == CONTENT
    assert server.gets(f"/{NAME}")[1] == f"bytes={cuts[0]}-"
    assert server.body_bytes[f"/{NAME}"] == len(CONTENT)


def test_a_server_without_ranges_is_read_again_from_the_start(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT, cuts=[500_000], ranges=False)
    run(store, item_of(server))
    assert stored(store) == CONTENT
    assert server.body_bytes[f"/{NAME}"] == len(CONTENT) + 500_000


def test_a_short_body_without_length_is_noticed_by_the_checksum(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT, cuts=[400_000, 400_000], chunked=True)
    with pytest.raises(StepError, match=r"has md5 \w+, published is \w+, twice"):
        run(store, item_of(server))
    assert nothing_is_left(store)


def test_connections_that_always_break_are_transient(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT, cuts=[500_000] + [0] * 20)
    with pytest.raises(TransientError, match="connection broke"):
        run(store, item_of(server))
    assert len(server.gets(f"/{NAME}")) == 1 + QUICK.attempts - 1
    assert nothing_is_left(store)


@pytest.mark.parametrize("statuses", [[500, 502, 503], [429]])
def test_server_errors_are_retried(store: Store, server: SourceServer, statuses: list[int]) -> None:
    server.put(f"/{NAME}", CONTENT, statuses=list(statuses))
    run(store, item_of(server))
    assert stored(store) == CONTENT


def test_lasting_server_errors_are_transient(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT, statuses=[503] * 20)
    with pytest.raises(TransientError, match=rf"source {NAME}: .*answered HTTP 503"):
        run(store, item_of(server))
    assert nothing_is_left(store)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_client_errors_are_not_retried(store: Store, server: SourceServer, status: int) -> None:
    server.put(f"/{NAME}", CONTENT, statuses=[status] * 5)
    with pytest.raises(StepError, match=rf"source {NAME}: .*answered HTTP {status}") as failed:
        run(store, item_of(server))
    assert failed.value.exit_code == 1
    assert len(server.gets(f"/{NAME}")) == 1
    assert nothing_is_left(store)


def test_an_absent_file_is_named_after_one_question(store: Store, server: SourceServer) -> None:
    with pytest.raises(StepError, match=rf"source {NAME}: {server.url}/{NAME} answered HTTP 404"):
        run(store, item_of(server))
    assert len(server.requests) == 1


def test_a_wrong_checksum_is_fetched_once_more_and_then_refused(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT, md5="0" * 32)
    with pytest.raises(StepError, match=f"published is {'0' * 32}, twice") as failed:
        run(store, item_of(server))
    assert failed.value.exit_code == 1
    assert len(server.gets(f"/{NAME}")) == 2
    assert nothing_is_left(store)


def test_a_wrong_checksum_leaves_the_stored_version(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT)
    first = run(store, item_of(server))
    server.put(f"/{NAME}", CONTENT[::-1], md5="0" * 32)
    with pytest.raises(StepError, match="twice"):
        run(store, item_of(server))
    assert stored(store) == CONTENT
    assert stored_source(store, item_of(server)) == first


def test_no_checksum_file_is_only_a_warning(
    store: Store, server: SourceServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.put(f"/{NAME}", CONTENT, md5=False)
    run(store, item_of(server))
    assert "WARN" in (said := capsys.readouterr().err)
    assert "no .md5 is published" in said
    server.forget()
    run(store, item_of(server))
    assert server.body_bytes[f"/{NAME}"] == 0


def test_latest_resolves_to_the_dated_file(store: Store, server: SourceServer) -> None:
    server.put("/aland-261122.osm.pbf", CONTENT)
    server.put(f"/{NAME}", redirect="/aland-261122.osm.pbf", md5=False)
    marker = run(store, item_of(server))
    assert marker["file"] == "aland-261122.osm.pbf"
    assert marker["version_date"] == "2026-11-22"
    assert marker["url"] == f"{server.url}/{NAME}"
    assert stored(store) == CONTENT
    server.put("/aland-261123.osm.pbf", CONTENT[::-1])
    server.put(f"/{NAME}", redirect="/aland-261123.osm.pbf", md5=False)
    assert run(store, item_of(server))["version_date"] == "2026-11-23"


def test_the_checksum_beside_latest_is_used_when_the_dated_one_is_absent(store: Store, server: SourceServer) -> None:
    server.put("/aland-261122.osm.pbf", CONTENT, md5=False)
    server.put(f"/{NAME}", md5="0" * 32, redirect="/aland-261122.osm.pbf")
    with pytest.raises(StepError, match="twice"):
        run(store, item_of(server))


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_out_of_http_is_refused(store: Store, server: SourceServer, target: str) -> None:
    server.put(f"/{NAME}", redirect=target)
    with pytest.raises(StepError, match="redirects from http to"):
        run(store, item_of(server))


def test_a_redirect_loop_ends(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", redirect=f"/{NAME}")
    with pytest.raises(StepError, match="redirects more than"):
        run(store, item_of(server))


def test_a_file_replaced_during_the_download_is_fetched_anew(store: Store, server: SourceServer) -> None:
    served = server.put(f"/{NAME}", CONTENT, md5=False, cuts=[500_000], swap=CONTENT[::-1])
    marker = run(store, item_of(server))
    assert stored(store) == CONTENT[::-1]
    assert marker["version"]["etag"] == served.etag


def test_a_server_without_head_is_asked_by_get(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", CONTENT, head=False)
    run(store, item_of(server))
    assert stored(store) == CONTENT


def test_an_empty_file_is_refused(store: Store, server: SourceServer) -> None:
    server.put(f"/{NAME}", b"")
    with pytest.raises(StepError, match="is empty"):
        run(store, item_of(server))
    assert nothing_is_left(store)


def test_unreachable_server_is_transient(store: Store) -> None:
    with pytest.raises(TransientError, match="cannot be reached"):
        run(store, source_at("http://127.0.0.1:1/x.osm.pbf"))


def test_a_file_url_is_read_and_skipped_like_any_other(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "some file" / NAME
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    item = source_at(f"file://{tmp_path}/some%20file/{NAME}")
    marker = run(store, item)
    assert stored(store) == CONTENT
    assert run(store, item) == marker
    path.with_name(f"{NAME}.md5").write_text("0" * 32)
    with pytest.raises(StepError, match="twice"):
        run(store, item)


@pytest.mark.parametrize("made", ["absent", "folder"])
def test_rejects_a_path_that_is_not_a_file(store: Store, tmp_path: Path, made: str) -> None:
    if made == "folder":
        (tmp_path / NAME).mkdir()
    with pytest.raises(StepError, match=f"source {NAME}"):
        run(store, source_at(f"file://{tmp_path}/{NAME}"))


def test_an_s3_source_is_streamed_and_skipped(minio: MinIO, store: Store) -> None:
    store.client.put_object(BUCKET, f"elsewhere/{NAME}", _stream(CONTENT), len(CONTENT))
    item = source_at(f"s3://{BUCKET}/elsewhere/{NAME}")
    marker = fetch(store, item, apply_environment(Settings(), minio.environment(BUCKET)), QUICK)
    assert stored(store) == CONTENT
    assert fetch(store, item, apply_environment(Settings(), minio.environment(BUCKET)), QUICK) == marker
    wrong = b"0" * 32
    store.client.put_object(BUCKET, f"elsewhere/{NAME}.md5", _stream(wrong), len(wrong))
    with pytest.raises(StepError, match="twice"):
        fetch(store, item, apply_environment(Settings(), minio.environment(BUCKET)), QUICK)


def test_an_s3_source_on_another_server_has_its_own_credentials(
    own_minio: MinIO, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_minio.client().put_object(BUCKET, f"extracts/{NAME}", _stream(CONTENT), len(CONTENT))
    item = source_at(f"s3://{BUCKET}/extracts/{NAME}")
    given = {f"SOURCE_{name}": value for name, value in own_minio.environment(BUCKET).items() if name != "S3_BUCKET"}
    settings = apply_environment(Settings(), given)

    def fetch_with(keys: dict[str, str]) -> None:
        for name, value in keys.items():
            monkeypatch.setenv(name, value)
        fetch(store, item, settings, QUICK)

    fetch_with(given)
    assert stored(store) == CONTENT
    for refused, said in [
        ({"SOURCE_S3_SECRET_KEY": "hush-hush-hush"}, "the keys are wrong or lack the right"),
        ({"SOURCE_S3_SECRET_KEY": ""}, "set both or none"),
        ({"SOURCE_S3_ACCESS_KEY": "", "SOURCE_S3_SECRET_KEY": ""}, "asked without credentials"),
    ]:
        with pytest.raises(StepError, match=said) as failed:
            fetch_with(refused)
        assert "hush" not in str(failed.value)


def test_a_signature_in_a_url_is_used_and_never_shown(
    store: Store, server: SourceServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.put(f"/{NAME}?sign=hush", CONTENT, md5=False, cuts=[500_000], statuses=[503])
    marker = run(store, source_at(f"{server.url}/{NAME}?sign=hush"))
    assert stored(store) == CONTENT
    assert marker["url"] == marker["version"]["url"] == f"{server.url}/{NAME}"
    server.put(f"/{NAME}?sign=other", CONTENT, md5=False)
    assert run(store, source_at(f"{server.url}/{NAME}?sign=other")) == marker
    with pytest.raises(StepError) as failed:
        run(store, source_at(f"{server.url}/{NAME}?sign=hush-hush"))
    said = capsys.readouterr().err + str(failed.value) + str(store.find_json(object_keys.get_source_marker_key(NAME)))
    assert "HTTP 404" in said and "HTTP 503" in said
    assert "hush" not in said and "sign=" not in said


def test_a_redirect_to_a_signed_url_is_asked_for_again(store: Store, server: SourceServer) -> None:
    """Such signatures are valid for minutes; a download of hours that breaks needs another one."""
    server.put(f"/{NAME}", redirect=f"/store/{NAME}?sign=1", md5=False)
    first = server.put(f"/store/{NAME}?sign=1", CONTENT, md5=False, cuts=[600_000], hold_at=600_000)
    server.put(f"/store/{NAME}?sign=2", CONTENT, md5=False)
    with ThreadPoolExecutor(1) as pool:
        fetched = pool.submit(run, store, item_of(server))
        assert first.held.wait(30)
        server.put(f"/{NAME}", redirect=f"/store/{NAME}?sign=2", md5=False)
        first.statuses = [403] * 9
        first.go.set()
        marker = fetched.result(60)
    assert stored(store) == CONTENT
    assert marker["version"]["url"] == f"{server.url}/store/{NAME}"
    assert server.gets(f"/store/{NAME}?sign=2") == ["bytes=600000-"]


def test_an_absent_s3_source_is_named(minio: MinIO, store: Store) -> None:
    with pytest.raises(StepError, match=f"source {NAME}: s3://{BUCKET}/none/{NAME} does not exist"):
        fetch(
            store,
            source_at(f"s3://{BUCKET}/none/{NAME}"),
            apply_environment(Settings(), minio.environment(BUCKET)),
            QUICK,
        )


def test_leftovers_of_a_killed_fetch_are_removed(store: Store, server: SourceServer) -> None:
    store.client._create_multipart_upload(BUCKET, object_keys.get_source_key(NAME), {})
    server.put(f"/{NAME}", CONTENT)
    run(store, item_of(server))
    assert not store.client._list_multipart_uploads(BUCKET, prefix=object_keys.get_source_key(NAME)).uploads


def _stream(content: bytes) -> Any:
    import io

    return io.BytesIO(content)
