# SPDX-License-Identifier: Apache-2.0
"""Read the file of a source as a stream, resumed after broken connections and checked at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing

from cosmogony_steps import log
from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.progress import Progress
from cosmogony_steps.retry import Backoff

from ..sources.base import FileVersion, Source
from ..sources.reading_errors import ChecksumMismatchError


class DownloadStream:
    """A readable stream of the file of a source, with the sha256 and md5 of the bytes read so far.

    When bytes are missing or the checksum differs, the last `read` raises, so that a reader never takes the file for
    complete.

    Attributes:
        size: bytes read so far.
    """

    def __init__(self, source: Source, version: FileVersion, backoff: Backoff, progress: Progress) -> None:
        self._source = source
        self._version = version
        self._backoff = backoff
        self._progress = progress
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._pending = bytearray()
        self._chunks = self._read_chunks()
        self.size = 0

    @property
    def sha256(self) -> str:
        """The sha256 of the bytes read so far, in hexadecimal digits."""
        return self._sha256.hexdigest()

    @property
    def md5(self) -> str:
        """The md5 of the bytes read so far, in hexadecimal digits."""
        return self._md5.hexdigest()

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes of the file, or all with -1; fewer only at the end.

        Raises:
            ChecksumMismatchError: size or checksum are not those that the server publishes.
            SourceChangedError: the server has another version by now.
            StepError: the file is empty, or cannot be read.
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

    def _read_chunks(self) -> Iterator[bytes]:
        failures = 0
        while True:
            try:
                with closing(self._source.open(self._version, self.size)) as body:
                    for chunk in body:
                        failures = 0
                        self._count(chunk)
                        yield chunk
                self._check_complete()
                return
            except TransientError as cause:
                failures += 1
                self._backoff.wait_or_raise(failures, cause)
                if self.size:
                    log.info(f"{self._source.name}: continuing at byte {self.size}")

    def _count(self, chunk: bytes) -> None:
        self._sha256.update(chunk)
        self._md5.update(chunk)
        self.size += len(chunk)
        self._progress.set(self.size)

    def _check_complete(self) -> None:
        subject = f"source {self._source.name}: {self._version.redacted_url}"
        expected = self._version.size
        if expected is not None and self.size < expected:
            raise TransientError(f"{subject} ended after {self.size} of {expected} bytes")
        if expected is not None and self.size > expected:
            raise ChecksumMismatchError(f"{subject} sent {self.size} bytes instead of {expected}")
        if self.size == 0:
            raise StepError(f"{subject} is empty; correct or disable the source")
        if self._version.md5 and self._version.md5 != self.md5:
            raise ChecksumMismatchError(f"{subject} has md5 {self.md5}, published is {self._version.md5}")
