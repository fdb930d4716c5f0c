# SPDX-License-Identifier: Apache-2.0
"""A source as a stream that resumes by itself and checks what it read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from cosmogony_steps import log
from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.progress import Progress
from cosmogony_steps.retry import Backoff

from ..sources.base import Body, Source, Version
from ..sources.failures import ChecksumMismatchError


class Download:
    """Readable stream of one version of a source, digested on the way.

    ``read`` fails at the end of the stream, before the reader can take the file for complete,
    when bytes are missing or the published checksum is another one.
    """

    def __init__(self, source: Source, version: Version, backoff: Backoff, progress: Progress | None = None) -> None:
        self._source = source
        self._version = version
        self._backoff = backoff
        self._progress = progress
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._pending = bytearray()
        self._chunks = self._all_chunks()
        self.size = 0
        self.resumed = 0

    @property
    def sha256(self) -> str:
        """The sha256 of what was read so far."""
        return self._sha256.hexdigest()

    @property
    def md5(self) -> str:
        """The md5 of what was read so far."""
        return self._md5.hexdigest()

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, or all; fewer only at the end of the file.

        Raises:
            ChecksumMismatchError: the bytes are not those whose size or checksum the server publishes.
            SourceChangedError: the server has another version by now.
            StepError: the file is empty, or cannot be had.
            TransientError: bytes are missing after all attempts.
        """
        while size < 0 or len(self._pending) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._pending += chunk
        count = len(self._pending) if size < 0 else size
        data = bytes(self._pending[:count])
        del self._pending[:count]
        return data

    def _all_chunks(self) -> Iterator[bytes]:
        failures = 0
        while True:
            body: Body | None = None
            try:
                body = self._source.open(self._version, self.size)
                for chunk in body:
                    failures = 0
                    self._take(chunk)
                    yield chunk
                self._check_complete()
                return
            except TransientError as cause:
                failures += 1
                self._backoff.wait(failures, cause)
                self.resumed += 1
                if self.size:
                    log.info(f"{self._source.name}: continuing at byte {self.size}")
            finally:
                if body is not None:
                    body.close()

    def _take(self, chunk: bytes) -> None:
        self._sha256.update(chunk)
        self._md5.update(chunk)
        self.size += len(chunk)
        if self._progress is not None:
            self._progress.set(self.size)

    def _check_complete(self) -> None:
        what = f"source {self._source.name}: {self._version.shown}"
        expected = self._version.size
        if expected is not None and self.size < expected:
            raise TransientError(f"{what} ended after {self.size} of {expected} bytes")
        if expected is not None and self.size > expected:
            raise ChecksumMismatchError(f"{what} sent {self.size} bytes instead of {expected}")
        if self.size == 0:
            raise StepError(f"{what} is empty; correct or disable the source")
        if self._version.md5 and self._version.md5 != self.md5:
            raise ChecksumMismatchError(f"{what} has md5 {self.md5}, published is {self._version.md5}")
