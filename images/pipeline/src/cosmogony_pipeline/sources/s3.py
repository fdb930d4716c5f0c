# SPDX-License-Identifier: Apache-2.0
"""s3://bucket/key sources, on the stack's own endpoint or on another one (SOURCE_S3_*)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import urllib3
from cosmogony_steps.errors import StepError
from cosmogony_steps.s3 import S3Server, translate_errors
from cosmogony_steps.s3.server import validate_bucket_name
from cosmogony_steps.settings import Settings
from minio import Minio
from minio.error import S3Error

from .base import Body, FileVersion, find_md5
from .reading_errors import SourceChangedError
from .response_bodies import read_body
from .urls import redact_url

_ABSENT = {"NoSuchKey", "NoSuchObject", "NoSuchBucket"}


class S3Source:
    """A source whose file is an object on an S3 server.

    Args:
        name: of the source.
        url: of the object, s3://bucket/key.
        client: of the server.
        endpoint: of the server, for messages.
        anonymous: whether the client has no keys.
        prefix: that of the environment variables of the server, for messages.
    """

    def __init__(
        self, name: str, url: str, client: Minio, endpoint: str, *, anonymous: bool = False, prefix: str = "S3_"
    ) -> None:
        self.name = name
        self.url = url
        self._client = client
        self._subject = f"source {name}: {redact_url(url)}"
        parts = urlsplit(url)
        self._bucket, self._key = validate_bucket_name(parts.netloc, f"source {name}: bucket"), parts.path.lstrip("/")
        self._where = f"S3 {endpoint}/{self._bucket}"
        self._anonymous = anonymous
        self._prefix = prefix

    @classmethod
    def from_settings(cls, name: str, url: str, settings: Settings, environ: Mapping[str, str]) -> S3Source:
        """Return a source on the server of source_storage, otherwise of the stack; without keys it must be public."""
        other = bool(settings.source_storage.endpoint)
        prefix = "SOURCE_S3_" if other else "S3_"
        section = settings.source_storage if other else settings.storage
        server = S3Server.from_settings(section, environ, prefix, f"source {name}")
        return cls(name, url, server.make_client(), server.endpoint, anonymous=server.access_key is None, prefix=prefix)

    def fetch_version(self) -> FileVersion:
        """Return the current version of the file; see `Source.fetch_version`."""
        with self._translate_errors(f"looking up {self._key}"):
            try:
                found = self._client.stat_object(self._bucket, self._key)
            except S3Error as cause:
                if cause.code == "AccessDenied":
                    raise StepError(
                        f"{self._subject} is refused by {self._where}: {self._describe_refusal()}"
                    ) from cause
                if cause.code not in _ABSENT:
                    raise
                raise StepError(
                    f"{self._subject} does not exist at {self._where}; correct or disable the source"
                ) from cause
        modified = found.last_modified.strftime("%a, %d %b %Y %H:%M:%S GMT") if found.last_modified else None
        return FileVersion(self.url, found.size, (found.etag or "").strip('"') or None, modified, self._fetch_md5())

    def open(self, version: FileVersion, offset: int) -> Body:
        """Return the content from a byte offset; see `Source.open`."""
        if version.size == 0:
            raise StepError(f"{self._subject} is empty")
        with self._translate_errors(f"reading {self._key}"):
            try:
                response = self._get(self._key, offset, version.etag)
            except S3Error as cause:
                if cause.code in {"PreconditionFailed", "NoSuchKey"}:
                    raise SourceChangedError(f"{self._subject} changed while it was read") from cause
                raise
        return read_body(response, self._subject)

    def _get(self, key: str, offset: int = 0, etag: str | None = None) -> urllib3.BaseHTTPResponse:
        headers: dict[str, str | list[str] | tuple[str]] | None = {"If-Match": f'"{etag}"'} if etag else None
        return self._client.get_object(self._bucket, key, offset=offset, request_headers=headers)

    def _fetch_md5(self) -> str | None:
        with self._translate_errors(f"reading {self._key}.md5"):
            try:
                response = self._get(f"{self._key}.md5")
            except S3Error as cause:
                if cause.code in _ABSENT or cause.code == "AccessDenied":
                    return None
                raise
            try:
                return find_md5(response.read(4096))
            finally:
                response.close()
                response.release_conn()

    def _translate_errors(self, action: str) -> AbstractContextManager[None]:
        return translate_errors(self._where, f"source {self.name}: {action}", self._prefix)

    def _describe_refusal(self) -> str:
        if self._anonymous:
            return "asked without credentials; name their Secret (cosmogony_source_storage_existing_secret)"
        return "the keys are wrong or lack the right to read; check their Secret"
