# SPDX-License-Identifier: Apache-2.0
"""s3://bucket/key sources, on the stack's own endpoint or on another one (SOURCE_S3_*)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import urllib3
from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.s3 import Server, translate_errors
from cosmogony_steps.s3.server import validate_bucket_name
from cosmogony_steps.settings import Settings
from minio import Minio
from minio.error import S3Error

from .base import CHUNK, Version, published_md5
from .failures import SourceChangedError
from .urls import shown

_ABSENT = {"NoSuchKey", "NoSuchObject", "NoSuchBucket"}


class _S3Body:
    def __init__(self, response: urllib3.BaseHTTPResponse, what: str) -> None:
        self._response = response
        self._what = what

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self._response.read1(CHUNK, decode_content=False):
                yield chunk
        except (urllib3.exceptions.HTTPError, OSError) as cause:
            raise TransientError(f"{self._what}: connection broke ({cause})") from cause

    def close(self) -> None:
        self._response.close()
        self._response.release_conn()


class S3Source:
    """An object on an S3 server; `where` is its endpoint, `prefix` that of its environment variables, for messages."""

    def __init__(
        self, name: str, url: str, client: Minio, where: str, *, anonymous: bool = False, prefix: str = "S3_"
    ) -> None:
        self.name = name
        self.url = url
        self._client = client
        parts = urlsplit(url)
        self._bucket, self._key = validate_bucket_name(parts.netloc, f"source {name}: bucket"), parts.path.lstrip("/")
        self._where = f"S3 {where}/{self._bucket}"
        self._anonymous = anonymous
        self._prefix = prefix

    @classmethod
    def from_settings(cls, name: str, url: str, settings: Settings, environ: Mapping[str, str]) -> S3Source:
        """Read from source_storage if it names a server (no keys: a public bucket), else from the stack's own store."""
        other = bool(settings.source_storage.endpoint)
        prefix = "SOURCE_S3_" if other else "S3_"
        section = settings.source_storage if other else settings.storage
        server = Server.from_settings(section, environ, prefix, f"source {name}")
        return cls(name, url, server.client(), server.endpoint, anonymous=server.access_key is None, prefix=prefix)

    def probe(self) -> Version:
        """See `Source.probe`."""
        with self._errors(f"looking up {self._key}"):
            try:
                found = self._client.stat_object(self._bucket, self._key)
            except S3Error as cause:
                if cause.code == "AccessDenied":
                    raise StepError(
                        f"source {self.name}: {shown(self.url)} is refused by {self._where}: {self._refusal()}"
                    ) from cause
                if cause.code not in _ABSENT:
                    raise
                raise StepError(
                    f"source {self.name}: {shown(self.url)} does not exist at {self._where};"
                    " correct or disable the source"
                ) from cause
        modified = found.last_modified.strftime("%a, %d %b %Y %H:%M:%S GMT") if found.last_modified else None
        return Version(self.url, found.size, (found.etag or "").strip('"') or None, modified, self._md5())

    def _errors(self, action: str) -> AbstractContextManager[None]:
        return translate_errors(self._where, f"source {self.name}: {action}", self._prefix)

    def _refusal(self) -> str:
        if self._anonymous:
            return "asked without credentials; name their Secret (cosmogony_source_storage_existing_secret)"
        return "the keys are wrong or lack the right to read; check their Secret"

    def _md5(self) -> str | None:
        with self._errors(f"reading {self._key}.md5"):
            response = None
            try:
                response = self._client.get_object(self._bucket, f"{self._key}.md5")
                return published_md5(response.read(4096))
            except S3Error as cause:
                if cause.code in _ABSENT or cause.code == "AccessDenied":
                    return None
                raise
            finally:
                if response is not None:
                    response.close()
                    response.release_conn()

    def open(self, version: Version, offset: int) -> _S3Body:
        """See `Source.open`."""
        if version.size == 0:
            raise StepError(f"source {self.name}: {shown(self.url)} is empty")
        headers: dict[str, str | list[str] | tuple[str]] | None = None
        if version.etag:
            headers = {"If-Match": f'"{version.etag}"'}
        with self._errors(f"reading {self._key}"):
            try:
                response = self._client.get_object(self._bucket, self._key, offset=offset, request_headers=headers)
            except S3Error as cause:
                if cause.code in {"PreconditionFailed", "NoSuchKey"}:
                    raise SourceChangedError(
                        f"source {self.name}: {shown(self.url)} changed while it was read"
                    ) from cause
                raise
        return _S3Body(response, f"source {self.name}: {shown(self.url)}")
