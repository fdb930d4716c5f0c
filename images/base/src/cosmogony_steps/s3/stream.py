# SPDX-License-Identifier: Apache-2.0
"""An object of the bucket as a stream that resumes after a broken connection."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import urllib3
from minio import Minio

from ..errors import StepError, TransientError
from ..retry import Backoff
from .errors import translate_errors

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class ResumingObjectStream(io.RawIOBase):
    """The bytes of one version of an object; after a broken connection reading resumes at the same position.

    Creating the stream requests the object. `size` is that of the object, `offset` the number of bytes read so far.
    """

    def __init__(self, client: Minio, bucket: str, key: str, where: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._where, self._action = where, f"reading {key}"
        self._backoff = Backoff(attempts=5, limit=10)
        self.offset = 0
        self._etag = ""
        self._response: urllib3.BaseHTTPResponse | None = None
        with translate_errors(where, self._action):
            headers = self._open().headers
            self.size = self._find_size(headers.get("Content-Length"))
        self._etag = headers.get("ETag", "").strip('"')

    def _find_size(self, length: str | None) -> int:
        """Return the size of the object, which a proxy may have removed from the answer with the content."""
        if length is not None:
            return int(length)
        if size := self._client.stat_object(self._bucket, self._key).size:
            return size
        raise StepError(
            f"{self._action} at {self._where} failed: the answers have no Content-Length, so a truncated object would"
            " not be noticed; connect to the S3 server without the proxy that removes it"
        )

    def readable(self) -> bool:
        """Return True: the stream can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read bytes into the buffer; return their number, which is 0 only at the end of the object.

        Raises:
            TransientError: the connection broke too often, or the object was replaced.
        """
        view = memoryview(buffer).cast("B")
        failures = 0
        while self.offset < self.size and len(view):
            try:
                data = self._read(len(view))
            except TransientError as cause:
                self._disconnect()
                failures += 1
                self._backoff.wait_or_raise(failures, cause)
                continue
            view[: len(data)] = data
            self.offset += len(data)
            return len(data)
        return 0

    def _read(self, size: int) -> bytes:
        with translate_errors(self._where, self._action):
            data = self._open().read1(size, decode_content=False)
        if not data:
            raise TransientError(f"{self._action} at {self._where} ended after {self.offset} of {self.size} bytes")
        return data

    def _open(self) -> urllib3.BaseHTTPResponse:
        if self._response is None:
            headers: dict[str, str | list[str] | tuple[str]] | None = None
            if self._etag:
                headers = {"If-Match": f'"{self._etag}"'}
            self._response = self._client.get_object(
                self._bucket, self._key, offset=self.offset, request_headers=headers
            )
        return self._response

    def _disconnect(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response.release_conn()
            self._response = None

    def close(self) -> None:
        """Close the stream and its connection."""
        self._disconnect()
        super().close()
