# SPDX-License-Identifier: Apache-2.0
"""The object store: objects as streams and documents, and what lies there."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import minio
import orjson
import urllib3
from cosmogony_steps.errors import StepError, TransientError
from minio.deleteobjects import DeleteObject

from .errors import MissingObjectError
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


@dataclass(frozen=True)
class Stored:
    """An object, or an unfinished upload of one."""

    key: str
    size: int
    modified: datetime
    upload: str = ""


class Store:
    """One bucket."""

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
                retries=urllib3.Retry(
                    total=RETRIES,
                    backoff_factor=0.5,
                    status_forcelist=(500, 502, 503, 504),
                    respect_retry_after_header=False,  # a server may name a day
                ),
            ),
        )

    @contextmanager
    def errors(self, key: str) -> Iterator[None]:
        """Turn errors of the client into ours."""
        where = f"object store {self.settings.endpoint}, {self.settings.bucket}/{key}"
        try:
            yield
        except minio.error.S3Error as error:
            if error.code == "NoSuchKey":
                raise MissingObjectError(f"{where}: no such object") from error
            kind = StepError if error.code in FINAL else TransientError
            raise kind(f"{where}: {error.code}: {error.message}") from error
        except (urllib3.exceptions.HTTPError, minio.error.ServerError, OSError) as error:
            raise TransientError(f"{where}: {error}; run the command again") from error

    @contextmanager
    def open(self, key: str) -> Iterator[IO[bytes]]:
        """Open an object as a stream of bytes; a connection that ends early is an error, not an end of file."""
        with self.errors(key):
            response = self.client.get_object(self.settings.bucket, key)
        try:
            response.enforce_content_length = True
            response.auto_close = False  # else it is closed at its end, and asking once more, as gzip does, is an error
            with self.errors(key):
                yield io.BufferedReader(response, 1 << 20)
        finally:
            response.close()
            response.release_conn()

    def read_json(self, key: str) -> Any:
        """Return a document."""
        with self.open(key) as stream:
            data = stream.read()
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise StepError(f"object store, {self.settings.bucket}/{key} is no JSON: {error}") from error

    def write_json(self, key: str, value: object) -> None:
        """Write a document."""
        data = orjson.dumps(value, option=orjson.OPT_INDENT_2)
        with self.errors(key):
            self.client.put_object(
                self.settings.bucket, key, io.BytesIO(data), len(data), content_type="application/json"
            )

    def metadata(self, key: str) -> dict[str, str]:
        """Return the metadata of an object; empty when there is none."""
        with self.errors(key):
            try:
                found = self.client.stat_object(self.settings.bucket, key)
            except minio.error.S3Error as error:
                if error.code in ("NoSuchKey", "NoSuchObject"):
                    return {}
                raise
        noted = dict(found.metadata or {})
        return {name.lower().removeprefix("x-amz-meta-"): value for name, value in noted.items()}

    def list_objects(self, prefix: str) -> list[Stored]:
        """List all objects whose key begins with the prefix."""
        with self.errors(prefix):
            found = self.client.list_objects(self.settings.bucket, prefix=prefix, recursive=True)
            return [Stored(one.object_name, one.size or 0, one.last_modified) for one in found]

    def remove(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are gone already are no error."""
        wanted = list(keys)
        with self.errors(wanted[0] if wanted else ""):
            for error in self.client.remove_objects(self.settings.bucket, [DeleteObject(key) for key in wanted]):
                kind = StepError if error.code in FINAL else TransientError
                raise kind(f"object store, {self.settings.bucket}/{error.name}: {error.code}: {error.message}")

    def list_uploads(self, prefix: str) -> list[Stored]:
        """List unfinished uploads below a prefix, at most 1000; with MinIO those of the very key that the prefix is."""
        with self.errors(prefix):
            page = self.client._list_multipart_uploads(self.settings.bucket, prefix=prefix)  # no public way
        return [Stored(one.object_name, 0, one.initiated_time, one.upload_id) for one in page.uploads]

    def abort(self, upload: Stored) -> None:
        """Remove an unfinished upload."""
        with self.errors(upload.key):
            try:
                self.client._abort_multipart_upload(self.settings.bucket, upload.key, upload.upload)
            except minio.error.S3Error as error:
                if error.code != "NoSuchUpload":
                    raise
