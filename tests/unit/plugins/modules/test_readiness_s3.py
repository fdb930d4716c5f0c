# SPDX-License-Identifier: Apache-2.0
"""Module readiness and a real MinIO."""

from __future__ import annotations

import secrets
import socket
import threading
import time

import pytest
from ansible_collections.cosmogony.stack.plugins.modules.readiness import Readiness
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
    "create_bucket": False,
    "probe_object": False,
    "service": None,
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
    return Readiness(params, check_mode=check_mode).run()


def test_ready(minio, bucket):
    result = ask(minio, bucket)
    assert (result["ready"], result["changed"]) == (True, False)
    answer = result["minio"]
    assert answer["latency_ms"] > 0
    assert answer["endpoint"] == f"http://{minio.endpoint}"
    assert (answer["attempts"], answer["bucket_exists"], answer["bucket_created"]) == (1, True, False)
    assert answer["versions"] == {"server": "MinIO"}


def test_wrong_access_key_fails_at_once(minio, bucket):
    started = time.monotonic()
    result = ask(minio, bucket, access_key="nobody", timeout=60)
    assert time.monotonic() - started < 5
    assert result["failed"]
    assert result["minio"]["reason"] == "access_key_refused"
    assert result["msg"] == (
        f"S3 endpoint http://{minio.endpoint}: access key refused (InvalidAccessKeyId): check"
        " cosmogony_storage_access_key, or key accesskey of the Secret that cosmogony_storage_existing_secret names"
    )


def test_wrong_secret_key_fails_at_once_and_is_not_told(minio, bucket):
    result = ask(minio, bucket, secret_key="no-such-secret", timeout=60)
    assert (result["minio"]["reason"], result["minio"]["attempts"]) == ("secret_key_refused", 1)
    assert "secret key refused (SignatureDoesNotMatch): check cosmogony_storage_secret_key" in result["msg"]
    assert "no-such-secret" not in str(result)
    assert minio.secret_key not in str(result)


def test_missing_bucket(minio):
    result = ask(minio, "not-there", timeout=60)
    assert result["minio"]["reason"] == "bucket_missing"
    assert "bucket not-there does not exist (NoSuchBucket): create it" in result["msg"]


def test_missing_bucket_may_be_only_told(minio):
    result = ask(minio, "not-there", bucket_required=False, probe_object=True)
    assert (result["ready"], result["changed"]) == (True, False)
    assert result["minio"]["bucket_exists"] is False


def test_bucket_is_created_once(minio, client):
    name = f"bucket-{secrets.token_hex(4)}"
    foretold = ask(minio, name, create_bucket=True, probe_object=True, check_mode=True)
    assert (foretold["changed"], foretold["minio"]["bucket_created"]) == (True, True)
    assert not client.bucket_exists(name)
    first = ask(minio, name, create_bucket=True)
    assert (first["changed"], first["minio"]["bucket_created"], first["minio"]["bucket_exists"]) == (True, True, True)
    assert client.bucket_exists(name)
    again = ask(minio, name, create_bucket=True)
    assert (again["changed"], again["minio"]["bucket_created"]) == (False, False)


def test_object_is_written_read_and_deleted(minio, client, bucket):
    result = ask(minio, bucket, probe_object=True)
    assert (result["ready"], result["changed"]) == (True, False)
    assert list(client.list_objects(bucket, recursive=True)) == []


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
    assert ask(store, "in-a-region", region="eu-west-1", create_bucket=True)["ready"]
    deadline = time.monotonic() + 30
    while (result := ask(store, "in-a-region", timeout=60))["ready"] and time.monotonic() < deadline:
        time.sleep(0.5)  # a MinIO that has just started takes every region
    assert (result["minio"]["reason"], result["minio"]["attempts"]) == ("region_refused", 1)
    assert "region refused (AuthorizationHeaderMalformed" in result["msg"]
    assert "correct cosmogony_storage_region" in result["msg"]


def test_bad_bucket_name(minio):
    result = ask(minio, "x", timeout=60)
    assert result["minio"]["reason"] in {"setting_refused", "bucket_name_refused"}
    assert result["minio"]["attempts"] == 1


def test_nobody_listens(minio, bucket):
    result = ask(minio, bucket, endpoint=f"127.0.0.1:{free_port()}", timeout=1)
    assert result["minio"]["reason"] == "unreachable"
    assert result["minio"]["attempts"] >= 4
    assert "cannot be reached from the controller (Connection refused), still so after 1 s" in result["msg"]
    assert "check that it runs, and cosmogony_storage_endpoint_from_controller" in result["msg"]
    assert "0x" not in result["msg"]


def test_unknown_host(minio, bucket):
    result = ask(minio, bucket, endpoint="minio.invalid:9000")
    assert result["minio"]["reason"] == "unreachable"
    assert "minio.invalid" in result["msg"]


def test_silent_host_is_given_up_in_time(minio, bucket):
    """A listener that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        result = ask(minio, bucket, endpoint=f"127.0.0.1:{silent.getsockname()[1]}", timeout=2)
        assert time.monotonic() - started < 6
    assert result["minio"]["reason"] == "unreachable"
    assert "timed out" in result["msg"]


def test_no_s3_at_all(minio, bucket):
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
        result = ask(store, "made-late", create_bucket=True, timeout=30)
    finally:
        starter.join()
        store.stop()
    assert (result["ready"], result["changed"]) == (True, True)
    assert result["minio"]["attempts"] > 1
    assert result["minio"]["last_error"]


def test_tls(start_minio, certificate):
    store = start_minio(certs=certificate)
    ready = ask(store, "over-tls", secure=True, ca_path=store.ca_path, create_bucket=True, timeout=30)
    assert ready["ready"], ready
    unknown = ask(store, "over-tls", secure=True, timeout=60)
    assert (unknown["minio"]["reason"], unknown["minio"]["attempts"]) == ("certificate_refused", 1)
    assert "its certificate is not trusted" in unknown["msg"]
    assert ask(store, "over-tls", secure=True, validate_certs=False)["ready"]
    plain = ask(store, "over-tls", timeout=60)
    assert (plain["minio"]["reason"], plain["minio"]["attempts"]) == ("scheme_refused", 1)
    assert "expects TLS: set cosmogony_storage_secure to true" in plain["msg"]


def test_tls_where_none_is_spoken(minio, bucket):
    result = ask(minio, bucket, secure=True, timeout=60)
    assert (result["minio"]["reason"], result["minio"]["attempts"]) == ("scheme_refused", 1)
    assert "does not speak TLS: set cosmogony_storage_secure to false" in result["msg"]
