# SPDX-License-Identifier: Apache-2.0
"""The bucket of the stack: small JSON documents and large streams."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Protocol

import urllib3
from cosmogony_steps import log
from cosmogony_steps.errors import StepError, TransientError
from minio import Minio
from minio.commonconfig import ComposeSource, CopySource
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from .settings import boolean, required
from .tls import ca_file

PART_SIZE = 16 * 1024 * 1024
MAX_PARTS = 9000  # S3 allows 10,000
MAX_COPY = 5 * 1024**3
_ABSENT = {"NoSuchKey", "NoSuchObject"}
_REFUSED = {
    "AccessDenied": "the credentials lack the right; grant it to them",
    "InvalidAccessKeyId": "the access key is unknown there; check the S3 Secret",
    "SignatureDoesNotMatch": "the secret key is wrong; check the S3 Secret",
    "NoSuchBucket": "the bucket does not exist; create it or correct S3_BUCKET",
    "InvalidBucketName": "the bucket's name is not valid; correct S3_BUCKET",
    "AuthorizationHeaderMalformed": "the region is another one; correct S3_REGION",
    "InvalidRegion": "the region is another one; correct S3_REGION",
    "NotImplemented": "the server cannot do this; use an S3 server with multipart uploads",
    "EntityTooLarge": "the server refuses files of this size; raise its limit",
    "MethodNotAllowed": "the server refuses the method; check the endpoint",
}


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    key: str
    size: int
    etag: str
    modified: datetime | None


@contextmanager
def translated(where: str, action: str) -> Iterator[None]:
    """Turn the SDK's exceptions into one line that says whether a retry can help."""
    what = f"{action} at {where}"
    try:
        yield
    except S3Error as cause:
        if cause.code in _REFUSED:
            raise StepError(f"{what} refused ({cause.code}): {_REFUSED[cause.code]}") from cause
        if cause.code in _ABSENT:
            raise StepError(f"{what} failed: {cause.object_name or 'the object'} does not exist") from cause
        raise TransientError(f"{what} failed ({cause.code}: {cause.message}); try again later") from cause
    except (ServerError, InvalidResponseError) as cause:
        raise TransientError(
            f"{what} failed ({_first_line(cause)}); is this the S3 port, and is the server up?"
        ) from cause
    except urllib3.exceptions.HTTPError as cause:
        if "CERTIFICATE_VERIFY_FAILED" in str(cause):
            raise StepError(f"{what} failed: its certificate is not trusted; name the CA with SSL_CERT_FILE") from cause
        raise TransientError(f"{what} failed ({_reason(cause)}); is the server up?") from cause
    except MinioException as cause:
        raise TransientError(f"{what} failed ({_first_line(cause)}); try again later") from cause


def _first_line(cause: BaseException) -> str:
    return (str(cause).splitlines() or [type(cause).__name__])[0]


def _reason(cause: BaseException) -> str:
    reason = getattr(cause, "reason", None)
    return _first_line(reason if isinstance(reason, BaseException) else cause)


def make_client(
    endpoint: str, access_key: str | None, secret_key: str | None, region: str | None, secure: bool
) -> Minio:
    retries = urllib3.Retry(
        total=6,
        redirect=0,
        backoff_factor=0.5,
        backoff_max=10,
        respect_retry_after_header=False,  # a server may name a day
        status_forcelist=[500, 502, 503, 504],
        raise_on_status=False,
    )
    http = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=10, read=120),
        retries=retries,
        maxsize=8,  # as many as plan asks at the same time
        cert_reqs="CERT_REQUIRED",
        ca_certs=ca_file(),
    )
    try:
        return Minio(
            endpoint,
            access_key=access_key,
            secret_key=secret_key,
            region=region or "us-east-1",
            secure=secure,
            http_client=http,
        )
    except ValueError as cause:
        raise StepError(
            f"S3_ENDPOINT '{endpoint}' is not host:port ({cause}); give it without scheme and path"
        ) from cause


class Store:
    """One bucket; every failure names endpoint, bucket and object, never a secret."""

    def __init__(self, client: Minio, bucket: str, endpoint: str) -> None:
        self.client = client
        self.bucket = bucket
        self.endpoint = endpoint
        self.where = f"S3 {endpoint}/{bucket}"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Store:
        values = required(environ, ("S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY"), "S3 storage")
        secure = boolean(environ.get("S3_SECURE", "true"), "S3_SECURE")
        client = make_client(
            values["S3_ENDPOINT"], values["S3_ACCESS_KEY"], values["S3_SECRET_KEY"], environ.get("S3_REGION"), secure
        )
        return cls(client, values["S3_BUCKET"], values["S3_ENDPOINT"])

    def stat(self, key: str) -> ObjectInfo | None:
        with translated(self.where, f"looking up {key}"):
            try:
                found = self.client.stat_object(self.bucket, key)
            except S3Error as cause:
                if cause.code in _ABSENT:
                    return None
                raise
            return ObjectInfo(key, found.size or 0, (found.etag or "").strip('"'), found.last_modified)

    def read_json(self, key: str) -> dict[str, Any] | None:
        """The document KEY; None when it is absent or was damaged (then it is as good as absent)."""
        with translated(self.where, f"reading {key}"):
            response = None
            try:
                response = self.client.get_object(self.bucket, key)
                text = response.read()
            except S3Error as cause:
                if cause.code in _ABSENT:
                    return None
                raise
            finally:
                if response is not None:
                    response.close()
                    response.release_conn()
        try:
            document = json.loads(text)
        except ValueError:
            log.warn(f"{key} in {self.where} is not JSON; taking it as absent")
            return None
        return document if isinstance(document, dict) else None

    def write_json(self, key: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
        with translated(self.where, f"writing {key}"):
            self.client.put_object(self.bucket, key, BytesIO(text), len(text), content_type="application/json")

    def upload(
        self, key: str, stream: Readable, size: int | None, content_type: str = "application/octet-stream"
    ) -> str:
        """Send STREAM (read to its end) as KEY: the object appears whole or not at all; returns its ETag.

        An exception out of STREAM.read aborts the multipart upload and passes through.
        """
        self.abort_uploads(key)
        part_size = max(PART_SIZE, -(-(size or 0) // MAX_PARTS))
        with translated(self.where, f"writing {key}"):
            result = self.client.put_object(
                self.bucket,
                key,
                _Plain(stream),
                -1,
                content_type=content_type,
                part_size=part_size,
                num_parallel_uploads=1,
            )
        return (result.etag or "").strip('"')

    def abort_uploads(self, key: str) -> int:
        """Remove what killed uploads of KEY left behind."""
        with translated(self.where, f"listing unfinished uploads of {key}"):
            listing = self.client._list_multipart_uploads(self.bucket, prefix=key)
            stale = [upload.upload_id for upload in listing.uploads if upload.object_name == key]
            for upload_id in stale:
                self.client._abort_multipart_upload(self.bucket, key, upload_id)
        if stale:
            log.info(f"{key}: removed {len(stale)} unfinished upload(s) of an earlier run")
        return len(stale)

    def copy(self, source: str, target: str, size: int) -> None:
        """Copy inside the server: nothing crosses the network."""
        with translated(self.where, f"copying {source} to {target}"):
            if size > MAX_COPY:
                self.client.compose_object(self.bucket, target, [ComposeSource(self.bucket, source)])
            else:
                self.client.copy_object(self.bucket, target, CopySource(self.bucket, source))

    def remove(self, key: str) -> None:
        with translated(self.where, f"removing {key}"):
            self.client.remove_object(self.bucket, key)


class _Plain:
    """Only ``read``: keeps the SDK from guessing a length from other attributes."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)
