# SPDX-License-Identifier: Apache-2.0
"""The bucket of the stack: small documents, large streams, listings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from minio import Minio
from minio.commonconfig import ComposeSource, CopySource
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from .. import log
from ..errors import MissingObjectError, StepError
from ..shortening import join_first
from ..value_parsing import require_environment_variables
from .errors import ABSENT, make_error, translate_errors
from .server import SETTINGS, S3Server, validate_bucket_name
from .stream import ResumingObjectStream

if TYPE_CHECKING:
    from ..settings import StorageSettings

PART_SIZE = 16 * 1024 * 1024  # bytes
MAX_PARTS = 9000  # of a multipart upload; S3 allows 10,000
MAX_COPY = 5 * 1024**3  # bytes
_METADATA = "x-amz-meta-"


class Readable(Protocol):
    """A stream that can be uploaded; it ends when `read` returns no bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes of the stream, at most `size`; none at its end."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """Key, size in bytes, ETag and time of an object in the bucket; without metadata if it comes from a listing."""

    key: str
    size: int
    etag: str
    modified: datetime | None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    """An unfinished multipart upload."""

    key: str
    id: str
    started: datetime | None


class Store:
    """A bucket. Errors name server, bucket and object, never a secret; their types are those of `translate_errors`."""

    def __init__(self, client: Minio, bucket: str, endpoint: str) -> None:
        self.client = client
        self.bucket = bucket
        self.endpoint = endpoint
        self.where = f"S3 {endpoint}/{bucket}"

    @classmethod
    def from_settings(cls, settings: StorageSettings, environ: Mapping[str, str]) -> Store:
        """Take the bucket from the settings, and S3_ACCESS_KEY and S3_SECRET_KEY from the environment.

        Raises:
            UsageError: one of them is missing or wrong.
        """
        names = ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY")
        require_environment_variables({**environ, "S3_ENDPOINT": settings.endpoint}, names, "S3 storage", SETTINGS)
        bucket = validate_bucket_name(settings.bucket, "S3_BUCKET")
        return cls(S3Server.from_settings(settings, environ).make_client(), bucket, settings.endpoint)

    def find_info(self, key: str) -> ObjectInfo | None:
        """Return size, ETag, time and metadata of an object; None if it does not exist."""
        with translate_errors(self.where, f"looking up {key}"):
            try:
                found = self.client.stat_object(self.bucket, key)
            except S3Error as cause:
                if cause.code in ABSENT:
                    return None
                raise
        metadata = {
            name.lower().removeprefix(_METADATA): str(value)
            for name, value in (found.metadata or {}).items()
            if name.lower().startswith(_METADATA)
        }
        return ObjectInfo(key, found.size or 0, (found.etag or "").strip('"'), found.last_modified, metadata)

    def open(self, key: str) -> ResumingObjectStream:
        """Return an object as a stream, which the caller closes.

        Raises:
            MissingObjectError: there is no such object.
        """
        return ResumingObjectStream(self.client, self.bucket, key, self.where)

    def read(self, key: str) -> bytes:
        """Return the content of a small object.

        Raises:
            MissingObjectError: there is no such object.
        """
        with self.open(key) as stream:
            return stream.readall()

    def read_json(self, key: str) -> Any:
        """Return the content of a JSON object, parsed.

        Raises:
            MissingObjectError: there is no such object.
            StepError: it is not JSON.
        """
        text = self.read(key)
        try:
            return json.loads(text)
        except ValueError as cause:
            raise StepError(f"{key} in {self.where} is not JSON ({cause}); make it again") from cause

    def find_json(self, key: str) -> dict[str, Any] | None:
        """Return the content of a JSON object, parsed; None if it does not exist or is damaged."""
        try:
            text = self.read(key)
        except MissingObjectError:
            return None
        try:
            document = json.loads(text)
        except ValueError:
            log.warn(f"{key} in {self.where} is not JSON; taking it as absent")
            return None
        return document if isinstance(document, dict) else None

    def write(self, key: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Write a small object of type application/json; `metadata` is stored with it."""
        noted: dict[str, str | list[str] | tuple[str]] | None = dict(metadata) if metadata else None
        with translate_errors(self.where, f"writing {key}"):
            self.client.put_object(
                self.bucket, key, BytesIO(content), len(content), content_type="application/json", metadata=noted
            )

    def write_json(self, key: str, document: Mapping[str, Any]) -> None:
        """Write a document as indented JSON."""
        text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
        self.write(key, text.encode() + b"\n")

    def upload(
        self, key: str, stream: Readable, size: int | None, content_type: str = "application/octet-stream"
    ) -> str:
        """Upload a stream to its end: the object appears complete or not at all.

        An exception of `stream.read` aborts the upload and is raised.

        Args:
            key: of the object.
            stream: the content.
            size: of the content in bytes, if it is known: large files need large parts.
            content_type: of the object.

        Returns:
            The ETag of the object.
        """
        self.abort_uploads_of_key(key)
        part_size = max(PART_SIZE, -(-(size or 0) // MAX_PARTS))
        with translate_errors(self.where, f"writing {key}"):
            result = self.client.put_object(
                self.bucket,
                key,
                cast(BinaryIO, _ReadOnly(stream)),  # the client calls only `read`
                -1,
                content_type=content_type,
                part_size=part_size,
                num_parallel_uploads=1,
            )
        return (result.etag or "").strip('"')

    def copy(self, source: str, target: str, size: int) -> None:
        """Copy an object of `size` bytes inside the server."""
        with translate_errors(self.where, f"copying {source} to {target}"):
            if size > MAX_COPY:
                self.client.compose_object(self.bucket, target, [ComposeSource(self.bucket, source)])
            else:
                self.client.copy_object(self.bucket, target, CopySource(self.bucket, source))

    def list_objects(self, prefix: str = "") -> list[ObjectInfo]:
        """List all objects whose key begins with the prefix."""
        with translate_errors(self.where, f"listing {prefix or 'all objects'}"):
            found = self.client.list_objects(self.bucket, prefix=prefix, recursive=True)
            return [
                ObjectInfo(one.object_name or "", one.size or 0, (one.etag or "").strip('"'), one.last_modified)
                for one in found
            ]

    def remove(self, *keys: str) -> None:
        """Remove objects; it is not an error if some do not exist."""
        with translate_errors(self.where, f"removing {join_first(keys, 1)}"):
            for error in self.client.remove_objects(self.bucket, [DeleteObject(key) for key in keys]):
                raise make_error(f"removing {error.name} at {self.where}", error.code, error.message or "", error.name)

    def list_unfinished_uploads(self, prefix: str = "") -> list[UnfinishedUpload]:
        """List at most 1000 unfinished uploads below a prefix; MinIO takes the prefix for a complete key."""
        with translate_errors(self.where, f"listing unfinished uploads of {prefix or 'all objects'}"):
            page = self.client._list_multipart_uploads(
                self.bucket, prefix=prefix
            )  # the client has no public method that lists unfinished uploads
        return [UnfinishedUpload(one.object_name, one.upload_id or "", one.initiated_time) for one in page.uploads]

    def abort_upload(self, upload: UnfinishedUpload) -> None:
        """Remove an unfinished upload; it is not an error if it does not exist."""
        with translate_errors(self.where, f"removing an unfinished upload of {upload.key}"):
            try:
                self.client._abort_multipart_upload(self.bucket, upload.key, upload.id)
            except S3Error as cause:
                if cause.code != "NoSuchUpload":
                    raise

    def abort_uploads_of_key(self, key: str) -> None:
        """Remove the unfinished uploads of one key."""
        stale = [upload for upload in self.list_unfinished_uploads(key) if upload.key == key]
        for upload in stale:
            self.abort_upload(upload)
        if stale:
            log.info(f"{key}: removed {len(stale)} unfinished upload(s) of an earlier run")


class _ReadOnly:
    """A stream that has only `read`, so that the client does not guess a length from other attributes."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)
