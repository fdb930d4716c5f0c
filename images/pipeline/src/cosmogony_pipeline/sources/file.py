# SPDX-License-Identifier: Apache-2.0
"""file:// sources: a file on a mounted volume."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cosmogony_steps.errors import StepError, TransientError, UsageError

from .base import CHUNK, Body, FileVersion, find_md5
from .reading_errors import SourceChangedError
from .urls import redact_url


class FileSource:
    """A source whose file is on a mounted volume."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self._subject = f"source {name}: {redact_url(url)}"
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost"):
            raise UsageError(f"{self._subject} names host '{parts.netloc}'; a file URL is file:///path")
        self._path = Path(unquote(parts.path))

    def fetch_version(self) -> FileVersion:
        """Return the current version of the file; see `Source.fetch_version`."""
        try:
            status = self._path.stat()
        except OSError as cause:
            raise StepError(f"{self._subject} cannot be read ({cause.strerror}); is the volume mounted?") from cause
        if not self._path.is_file():
            raise StepError(f"{self._subject} is not a file; name the extract itself")
        beside = self._path.with_name(self._path.name + ".md5")
        md5 = find_md5(beside.read_bytes()[:4096]) if beside.is_file() else None
        etag = f"{status.st_mtime_ns:x}-{status.st_size:x}"
        return FileVersion(self.url, status.st_size, etag, formatdate(status.st_mtime, usegmt=True), md5)

    def open(self, version: FileVersion, offset: int) -> Body:
        """Return the content from a byte offset; see `Source.open`."""
        if self.fetch_version().etag != version.etag:
            raise SourceChangedError(f"{self._subject} changed while it was read")
        return self._read(offset)

    def _read(self, offset: int) -> Body:
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                while chunk := file.read(CHUNK):
                    yield chunk
        except OSError as cause:
            raise TransientError(f"{self._path} cannot be read ({cause})") from cause
