# SPDX-License-Identifier: Apache-2.0
"""file:// sources: a file on a mounted volume."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cosmogony_steps.errors import StepError, TransientError, UsageError

from .base import CHUNK, Version, published_md5
from .failures import SourceChangedError
from .urls import shown


class _FileBody:
    def __init__(self, path: Path, offset: int) -> None:
        self._file = path.open("rb")
        self._file.seek(offset)

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self._file.read(CHUNK):
                yield chunk
        except OSError as cause:
            raise TransientError(f"{self._file.name} cannot be read ({cause})") from cause

    def close(self) -> None:
        self._file.close()


class FileSource:
    """A file on a mounted volume."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost"):
            raise UsageError(f"source {name}: {shown(url)} names host '{parts.netloc}'; a file URL is file:///path")
        self._path = Path(unquote(parts.path))

    def probe(self) -> Version:
        """See `Source.probe`."""
        try:
            status = self._path.stat()
        except OSError as cause:
            raise StepError(
                f"source {self.name}: {shown(self.url)} cannot be read ({cause.strerror}); is the volume mounted?"
            ) from cause
        if not self._path.is_file():
            raise StepError(f"source {self.name}: {shown(self.url)} is not a file; name the extract itself")
        beside = self._path.with_name(self._path.name + ".md5")
        md5 = published_md5(beside.read_bytes()[:4096]) if beside.is_file() else None
        etag = f"{status.st_mtime_ns:x}-{status.st_size:x}"
        return Version(self.url, status.st_size, etag, formatdate(status.st_mtime, usegmt=True), md5)

    def open(self, version: Version, offset: int) -> _FileBody:
        """See `Source.open`."""
        if self.probe().etag != version.etag:
            raise SourceChangedError(f"source {self.name}: {shown(self.url)} changed while it was read")
        return _FileBody(self._path, offset)
