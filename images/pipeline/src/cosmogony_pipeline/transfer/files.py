# SPDX-License-Identifier: Apache-2.0
"""Large files between the store and the scratch folder, checked by digest."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cosmogony_steps import log
from cosmogony_steps.documents import PartMarker, SourceMarker
from cosmogony_steps.errors import StepError
from cosmogony_steps.progress import Progress
from cosmogony_steps.retry import Backoff
from cosmogony_steps.s3 import Store

from ..sources.base import Version
from ..sources.s3 import S3Source
from .download import Download

BLOCK = 1024 * 1024


@contextmanager
def disk_errors(folder: Path, what: str) -> Iterator[None]:
    """A full disk as one line that says what to enlarge."""
    try:
        yield
    except OSError as cause:
        if cause.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StepError(f"{what}: no space left in {folder}; give the step more ephemeral storage") from cause
        if cause.filename is not None and Path(str(cause.filename)).is_relative_to(folder):
            raise StepError(f"{what}: {folder} cannot be used ({cause.strerror}); name a writable --scratch") from cause
        raise


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What a marker says of the file that it stands beside; the size in bytes."""

    size: int
    sha256: str
    etag: str


def download(
    store: Store, key: str, target: Path, marker: SourceMarker | PartMarker, backoff: Backoff | None = None
) -> None:
    """Bring an object to the file `target`; it must be the very one that the marker describes."""
    version = Version(key, marker.size, marker.etag)
    source = S3Source(Path(key).name, f"s3://{store.bucket}/{key}", store.client, store.endpoint)
    stream = Download(source, version, backoff or Backoff(), _not_argos(key, marker.size))
    with target.open("wb") as file:
        while block := stream.read(BLOCK):
            file.write(block)
    if stream.sha256 != marker.sha256:
        raise StepError(f"{key} has sha256 {stream.sha256}, its marker says {marker.sha256}; remove {key} and update")


def _not_argos(key: str, size: int) -> Progress:
    """Progress that Argo does not show: moving files is the smaller part of the steps that do it."""
    return Progress(key, size, path="")


class DigestingFile:
    """A file as a stream, with its sha256 once it was read."""

    def __init__(self, file: BinaryIO, progress: Progress | None = None) -> None:
        self._file = file
        self._progress = progress
        self._sha256 = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """The sha256 of what was read so far."""
        return self._sha256.hexdigest()

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, or all."""
        data = self._file.read(size)
        self._sha256.update(data)
        self.size += len(data)
        if self._progress is not None:
            self._progress.advance(len(data))
        return data


def upload(store: Store, key: str, path: Path) -> StoredFile:
    """Send a file to the bucket; return what a marker says of it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        stream = DigestingFile(file, _not_argos(key, size))
        etag = store.upload(key, stream, size, "application/gzip")
    log.info(f"{key}: stored {log.format_bytes(stream.size)}")
    return StoredFile(stream.size, stream.sha256, etag)
