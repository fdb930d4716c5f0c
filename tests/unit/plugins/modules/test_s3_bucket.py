# SPDX-License-Identifier: Apache-2.0
"""Module s3_bucket and a real MinIO."""

from __future__ import annotations

import io
import secrets

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils._services.errors import ServiceError
from ansible_collections.cosmogony.stack.plugins.module_utils._services.s3 import S3Store
from ansible_collections.cosmogony.stack.plugins.modules.s3_bucket import ensure_bucket
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig


@pytest.fixture
def client(minio):
    return minio.client()


@pytest.fixture
def name():
    return f"bucket-{secrets.token_hex(4)}"


def ensure(minio, name, *, present=True, force=False, check_mode=False, **options):
    given = {
        "endpoint": minio.endpoint, "access_key": minio.access_key, "secret_key": minio.secret_key, "bucket": name,
        "session_token": None, "region": "us-east-1", "secure": False, "validate_certs": True, "ca_path": None,
        "service": None, "existing_secret": None, **options,
    }  # fmt: skip
    return ensure_bucket(S3Store(given), 5, present=present, force=force, check_mode=check_mode)


def fill(client, name):
    for key in ("a", "b/c"):
        client.put_object(name, key, io.BytesIO(b"x"), 1)


def test_creates_a_bucket_once(minio, client, name):
    assert ensure(minio, name, check_mode=True) == {"changed": True, "objects_removed": 0}
    assert not client.bucket_exists(name)
    assert ensure(minio, name)["changed"]
    assert client.bucket_exists(name)
    assert not ensure(minio, name)["changed"]


def test_removes_an_empty_bucket_once(minio, client, name):
    client.make_bucket(name)
    assert ensure(minio, name, present=False)["changed"]
    assert not client.bucket_exists(name)
    assert not ensure(minio, name, present=False)["changed"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_keeps_a_bucket_that_holds_objects(minio, client, name, check_mode):
    client.make_bucket(name)
    fill(client, name)
    with pytest.raises(ServiceError) as refused:
        ensure(minio, name, present=False, check_mode=check_mode)
    assert refused.value.reason == "bucket_not_empty"
    assert str(refused.value) == (
        f"bucket {name} holds 2 objects: remove them, or remove them with the bucket by force: true"
    )
    assert len(list(client.list_objects(name, recursive=True))) == 2


def test_force_removes_the_objects_too(minio, client, name):
    client.make_bucket(name)
    fill(client, name)
    assert ensure(minio, name, present=False, force=True, check_mode=True) == {"changed": True, "objects_removed": 2}
    assert client.bucket_exists(name)
    assert ensure(minio, name, present=False, force=True) == {"changed": True, "objects_removed": 2}
    assert not client.bucket_exists(name)


def test_force_removes_all_versions(minio, client, name):
    client.make_bucket(name)
    client.set_bucket_versioning(name, VersioningConfig(ENABLED))
    fill(client, name)
    fill(client, name)
    client.remove_object(name, "a")
    assert ensure(minio, name, present=False, force=True) == {"changed": True, "objects_removed": 5}
    assert not client.bucket_exists(name)


def test_refused_credentials_name_the_option(minio, name):
    with pytest.raises(ServiceError, match=r"check minio\.secret_key"):
        ensure(minio, name, secret_key="wrong-secret-key")


def test_rejects_invalid_names(minio):
    with pytest.raises(ServiceError, match=r"correct minio\.(endpoint or minio\.)?bucket"):
        ensure(minio, "No_Bucket")
