# SPDX-License-Identifier: Apache-2.0
"""The object store: releases/<id>/ as streams."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import minio
import orjson
import urllib3

from .errors import ImporterError, Missing, TemporaryError
from .settings import Storage

# answers that trying again does not change
FINAL = {
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "NoSuchBucket",
    "NoSuchKey",
    "InvalidBucketName",
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
}
RETRIES = 4


class Store:
    def __init__(self, settings: Storage) -> None:
        self.settings = settings
        self.client = minio.Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=settings.secure,
            region=settings.region,
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=5, read=60),
                cert_reqs="CERT_REQUIRED",
                retries=urllib3.Retry(total=RETRIES, backoff_factor=0.5, status_forcelist=(500, 502, 503, 504)),
            ),
        )

    @contextmanager
    def errors(self, key: str) -> Iterator[None]:
        where = f"object store {self.settings.endpoint}, {self.settings.bucket}/{key}"
        try:
            yield
        except minio.error.S3Error as error:
            if error.code == "NoSuchKey":
                raise Missing(f"{where}: no such object") from error
            kind = ImporterError if error.code in FINAL else TemporaryError
            raise kind(f"{where}: {error.code}: {error.message}") from error
        except (urllib3.exceptions.HTTPError, minio.error.ServerError, OSError) as error:
            raise TemporaryError(f"{where}: {error}; run the command again") from error

    @contextmanager
    def open(self, key: str) -> Iterator[IO[bytes]]:
        """The object as a stream of bytes; a connection that ends early is an error, not an end of file."""
        with self.errors(key):
            response = self.client.get_object(self.settings.bucket, key)
        try:
            response.enforce_content_length = True
            response.auto_close = False  # gzip asks once more after the end, which must be no error
            response.auto_close = False  # else it closes itself at its end, and io.BufferedReader complains
            with self.errors(key):
                yield io.BufferedReader(response, 1 << 20)
        finally:
            response.close()
            response.release_conn()

    def read_json(self, key: str) -> Any:
        with self.open(key) as stream:
            data = stream.read()
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise ImporterError(f"object store, {self.settings.bucket}/{key} is no JSON: {error}") from error

    def write_json(self, key: str, value: object) -> None:
        data = orjson.dumps(value, option=orjson.OPT_INDENT_2)
        with self.errors(key):
            self.client.put_object(
                self.settings.bucket, key, io.BytesIO(data), len(data), content_type="application/json"
            )
