# SPDX-License-Identifier: Apache-2.0
"""The S3 bucket of the stack: read one large object as a stream, write small ones."""

from __future__ import annotations

import io
import os
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import certifi
import urllib3
from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from .errors import DashboardError, TemporaryError

_PERMANENT = {
    "AccessDenied": "the credentials lack the right",
    "InvalidAccessKeyId": "the access key is unknown there; check the S3 Secret",
    "SignatureDoesNotMatch": "the secret key is wrong; check the S3 Secret",
    "NoSuchBucket": "the bucket does not exist; check S3_BUCKET",
    "NoSuchKey": "the object does not exist; run the merge step of this release first",
}


@contextmanager
def translated(what: str) -> Iterator[None]:
    """The SDK's exceptions as one line that says whether a retry can help."""
    try:
        yield
    except S3Error as cause:
        if cause.code in _PERMANENT:
            raise DashboardError(f"{what} failed ({cause.code}): {_PERMANENT[cause.code]}") from cause
        raise TemporaryError(f"{what} failed ({cause.code}: {cause.message}); try again later") from cause
    except (ServerError, InvalidResponseError, MinioException, urllib3.exceptions.HTTPError) as cause:
        reason = getattr(cause, "reason", None)
        text = str(reason if isinstance(reason, BaseException) else cause).splitlines()[0]
        raise TemporaryError(f"{what} failed ({text}); is the server up?") from cause


class Store:
    def __init__(self, environ: Mapping[str, str]) -> None:
        names = ("S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY")
        missing = [name for name in names if not environ.get(name, "").strip()]
        if missing:
            raise DashboardError(f"environment variable {', '.join(missing)} not set; set it in the step's environment")
        secure = (environ.get("S3_SECURE") or "true").strip().lower()
        if secure not in ("true", "false"):
            raise DashboardError(f"S3_SECURE '{secure}' is neither true nor false")
        self.bucket = environ["S3_BUCKET"].strip()
        endpoint = environ["S3_ENDPOINT"].strip()
        self.where = f"S3 {endpoint}/{self.bucket}"
        try:
            self._client = Minio(
                endpoint,
                access_key=environ["S3_ACCESS_KEY"].strip(),
                secret_key=environ["S3_SECRET_KEY"].strip(),
                region=environ.get("S3_REGION") or "us-east-1",
                secure=secure == "true",
                http_client=_http(),
            )
        except ValueError as cause:
            raise DashboardError(f"S3_ENDPOINT '{endpoint}' is not host:port ({cause})") from cause

    def open(self, key: str) -> ObjectStream:
        with translated(f"looking up {key} in {self.where}"):
            found = self._client.stat_object(self.bucket, key)
        return ObjectStream(self._client, self.bucket, key, found.size or 0, found.etag or "", self.where)

    def write(self, key: str, content: bytes, noted: Mapping[str, str] | None = None) -> None:
        """Write an object, and what is NOTED beside it."""
        with translated(f"writing {key} in {self.where}"):
            self._client.put_object(
                self.bucket,
                key,
                io.BytesIO(content),
                len(content),
                content_type="application/json",
                metadata=dict(noted or {}) or None,
            )


def _http() -> urllib3.PoolManager:
    system = ssl.get_default_verify_paths().cafile
    ca_file = os.environ.get("SSL_CERT_FILE") or (system if system and Path(system).is_file() else certifi.where())
    retries = urllib3.Retry(
        total=6,
        redirect=0,
        backoff_factor=0.5,
        backoff_max=10,
        respect_retry_after_header=False,  # a server may name a day
        status_forcelist=[500, 502, 503, 504],
        raise_on_status=False,
    )
    return urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=10, read=120), retries=retries, cert_reqs="CERT_REQUIRED", ca_certs=ca_file
    )


class ObjectStream(io.RawIOBase):
    """An object as a readable stream; a broken connection is taken up again where it broke."""

    ATTEMPTS = 5

    def __init__(self, client: Minio, bucket: str, key: str, size: int, etag: str, where: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self.size, self.offset = size, 0
        self._etag = etag.strip('"')
        self._what = f"reading {key} in {where}"
        self._response: urllib3.BaseHTTPResponse | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        for attempt in range(1, self.ATTEMPTS + 1):
            if self.offset >= self.size:
                return 0
            try:
                with translated(self._what):
                    data = self._open().read1(len(buffer), decode_content=False)
                    if not data:
                        raise urllib3.exceptions.ProtocolError(f"ended after {self.offset} of {self.size} bytes")
            except TemporaryError:
                self._drop()
                if attempt == self.ATTEMPTS:
                    raise
                time.sleep(min(2 ** (attempt - 1), 10))
                continue
            buffer[: len(data)] = data
            self.offset += len(data)
            return len(data)
        raise AssertionError

    def _open(self) -> urllib3.BaseHTTPResponse:
        if self._response is None:
            headers = {"If-Match": f'"{self._etag}"'}
            self._response = self._client.get_object(
                self._bucket, self._key, offset=self.offset, request_headers=headers
            )
        return self._response

    def _drop(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def close(self) -> None:
        self._drop()
        super().close()
