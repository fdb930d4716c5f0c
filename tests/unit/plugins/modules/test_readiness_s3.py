# SPDX-License-Identifier: Apache-2.0
"""Module readiness and a real MinIO."""

from __future__ import annotations

import secrets
import socket
import threading
import time

import pytest
from ansible_collections.cosmogony.stack.plugins.modules.readiness import wait_until_ready
from minio import Minio
from minio.credentials import StaticProvider
from minio.minioadmin import MinioAdmin
from services import free_port, skip_unless_available
from services.objectstore import MinIO

DEFAULTS = {
    "session_token": None,
    "region": "us-east-1",
    "secure": False,
    "validate_certs": True,
    "ca_path": None,
    "bucket_required": True,
    "probe_object": False,
    "service": None,
    "existing_secret": None,
}


@pytest.fixture
def client(minio):
    return Minio(minio.endpoint, access_key=minio.access_key, secret_key=minio.secret_key, secure=False)


@pytest.fixture
def bucket(client):
    name = f"bucket-{secrets.token_hex(4)}"
    client.make_bucket(name)
    return name


def ask(store, bucket, *, check_mode=False, timeout=0, **options):
    given = {
        **DEFAULTS,
        "endpoint": store.endpoint,
        "access_key": store.access_key,
        "secret_key": store.secret_key,
        "bucket": bucket,
        **options,
    }
    params = {"minio": given, "postgres": None, "timeout": timeout, "interval": 0.2, "fail_when_not_ready": True}
    return wait_until_ready(params, check_mode=check_mode)


def test_ready(minio, bucket):
    result = ask(minio, bucket)
    assert (result["ready"], result["changed"]) == (True, False)
    answer = result["minio"]
    assert answer["latency_ms"] > 0
    assert answer["endpoint"] == f"http://{minio.endpoint}"
    assert (answer["attempts"], answer["bucket_exists"]) == (1, True)
    assert answer["versions"] == {"server": "MinIO"}


def test_wrong_access_key_fails_immediately(minio, bucket):
    started = time.monotonic()
    result = ask(minio, bucket, access_key="nobody", timeout=60)
    assert time.monotonic() - started < 5
    assert result["failed"]
    assert result["minio"]["reason"] == "access_key_refused"
    assert result["msg"] == (
        f"S3 endpoint http://{minio.endpoint}: access key refused (InvalidAccessKeyId): check minio.access_key"
    )


def test_wrong_secret_key_fails_immediately_and_is_not_shown(minio, bucket):
    result = ask(minio, bucket, secret_key="no-such-secret", timeout=60)
    assert (result["minio"]["reason"], result["minio"]["attempts"]) == ("secret_key_refused", 1)
    assert "secret key refused (SignatureDoesNotMatch): check minio.secret_key" in result["msg"]
    assert "no-such-secret" not in str(result)
    assert minio.secret_key not in str(result)


def test_missing_bucket(minio):
    result = ask(minio, "not-there", timeout=60)
    assert result["minio"]["reason"] == "bucket_missing"
    assert "bucket not-there does not exist (NoSuchBucket): create it" in result["msg"]


def test_missing_bucket_may_be_accepted(minio):
    result = ask(minio, "not-there", bucket_required=False, probe_object=True)
    assert (result["ready"], result["changed"]) == (True, False)
    assert result["minio"]["bucket_exists"] is False


def test_object_is_written_read_and_deleted(minio, client, bucket):
    result = ask(minio, bucket, probe_object=True)
    assert (result["ready"], result["changed"]) == (True, False)
    assert list(client.list_objects(bucket, recursive=True)) == []


def test_key_of_an_existing_secret_is_named(minio, bucket):
    """The credentials have been read from it; messages name the place to correct."""
    secret = {"namespace": "geo", "name": "s3"}
    result = ask(minio, bucket, secret_key="wrong-secret-key", existing_secret=secret)
    assert "check key secretkey of Secret geo/s3 (minio.existing_secret)" in result["msg"]


def test_user_who_may_only_read(minio, bucket):
    admin = MinioAdmin(
        endpoint=minio.endpoint, credentials=StaticProvider(minio.access_key, minio.secret_key), secure=False
    )
    admin.user_add("reader", "reader-secret")
    admin.attach_policy(["readonly"], user="reader")
    reader = {"access_key": "reader", "secret_key": "reader-secret"}
    denied = ask(minio, bucket, probe_object=True, **reader)
    assert denied["minio"]["reason"] == "access_denied"
    assert (
        f"access to bucket {bucket} denied (AccessDenied): give the user of the access key the rights" in denied["msg"]
    )


def test_wrong_region(start_minio):
    store = start_minio(region="eu-west-1")
    store.client().make_bucket("in-a-region")
    assert ask(store, "in-a-region", region="eu-west-1")["ready"]
    deadline = time.monotonic() + 30
    while (result := ask(store, "in-a-region", timeout=60))["ready"] and time.monotonic() < deadline:
        time.sleep(0.5)  # a MinIO that has just started takes every region
    assert (result["minio"]["reason"], result["minio"]["attempts"]) == ("region_refused", 1)
    assert "region refused (AuthorizationHeaderMalformed" in result["msg"]
    assert "correct minio.region" in result["msg"]


def test_bad_bucket_name(minio):
    result = ask(minio, "x", timeout=60)
    assert result["minio"]["reason"] in {"setting_refused", "bucket_name_refused"}
    assert result["minio"]["attempts"] == 1


def test_closed_port_is_asked_until_the_timeout(minio, bucket):
    result = ask(minio, bucket, endpoint=f"127.0.0.1:{free_port()}", timeout=1)
    assert result["minio"]["reason"] == "unreachable"
    assert result["minio"]["attempts"] >= 4
    assert "cannot be reached from the controller (Connection refused), still so after 1 s" in result["msg"]
    assert "check that it runs, and minio.endpoint; name its Service in minio.service" in result["msg"]
    assert "0x" not in result["msg"]


def test_unknown_host(minio, bucket):
    result = ask(minio, bucket, endpoint="minio.invalid:9000")
    assert result["minio"]["reason"] == "unreachable"
    assert "minio.invalid" in result["msg"]


def test_gives_up_a_silent_host_in_time(minio, bucket):
    """A listener that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        result = ask(minio, bucket, endpoint=f"127.0.0.1:{silent.getsockname()[1]}", timeout=2)
        assert time.monotonic() - started < 6
    assert result["minio"]["reason"] == "unreachable"
    assert "timed out" in result["msg"]


def test_rejects_what_is_not_an_s3_store(minio, bucket):
    """Something else answers on this port."""

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno")

    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=serve, args=(other,), daemon=True).start()
        result = ask(minio, bucket, endpoint=f"127.0.0.1:{other.getsockname()[1]}")
    assert result["minio"]["reason"] == "no_s3"
    assert "does not answer as an S3 store" in result["msg"]


def test_waits_until_it_runs():
    store = skip_unless_available(MinIO)
    starter = threading.Timer(1, store.start)
    starter.start()
    try:
        result = ask(store, "made-late", bucket_required=False, timeout=30)
    finally:
        starter.join()
        store.stop()
    assert result["ready"]
    assert result["minio"]["attempts"] > 1
    assert result["minio"]["last_error"]


def test_tls(start_minio, certificate):
    store = start_minio(certs=certificate)
    store.client().make_bucket("over-tls")
    ready = ask(store, "over-tls", secure=True, ca_path=store.ca_path, timeout=30)
    assert ready["ready"], ready
    unknown = ask(store, "over-tls", secure=True, timeout=60)
    assert (unknown["minio"]["reason"], unknown["minio"]["attempts"]) == ("certificate_refused", 1)
    assert "its certificate is not trusted" in unknown["msg"]
    assert ask(store, "over-tls", secure=True, validate_certs=False)["ready"]
    plain = ask(store, "over-tls", timeout=60)
    assert (plain["minio"]["reason"], plain["minio"]["attempts"]) == ("scheme_refused", 1)
    assert "expects TLS: set minio.secure to true" in plain["msg"]


def test_tls_where_none_is_spoken(minio, bucket):
    result = ask(minio, bucket, secure=True, timeout=60)
    assert (result["minio"]["reason"], result["minio"]["attempts"]) == ("scheme_refused", 1)
    assert "does not speak TLS: set minio.secure to false" in result["msg"]
