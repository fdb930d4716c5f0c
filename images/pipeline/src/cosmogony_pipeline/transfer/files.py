# SPDX-License-Identifier: Apache-2.0
"""Copy large files between the bucket and the scratch folder, checked by sha256."""

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

from ..sources.base import FileVersion
from ..sources.s3 import S3Source
from .download import DownloadStream

BLOCK = 1024 * 1024  # bytes that are copied in one step
NO_FILE = ""  # progress file of copying: none, as Argo shows the progress of the larger work only


@contextmanager
def translate_disk_errors(folder: Path, subject: str) -> Iterator[None]:
    """Turn errors of a full or unusable scratch folder in the `with` block into StepError.

    Raises:
        StepError: there is no space left in the folder, or it cannot be written to.
    """
    try:
        yield
    except OSError as cause:
        if cause.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StepError(f"{subject}: no space left in {folder}; give the step more ephemeral storage") from cause
        if cause.filename is not None and Path(str(cause.filename)).is_relative_to(folder):
            raise StepError(
                f"{subject}: {folder} cannot be used ({cause.strerror}); name a writable --scratch"
            ) from cause
        raise


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """Size in bytes, sha256 and ETag of a file that was uploaded to the bucket."""

    size: int
    sha256: str
    etag: str


def download_object(store: Store, key: str, target: Path, marker: SourceMarker | PartMarker) -> None:
    """Download an object of the bucket to a file, and check it against its marker.

    Raises:
        StepError: the object is not the one that the marker describes.
        TransientError: the bucket does not answer now.
    """
    version = FileVersion(key, marker.size, marker.etag)
    source = S3Source(Path(key).name, f"s3://{store.bucket}/{key}", store.client, store.endpoint)
    stream = DownloadStream(source, version, Backoff(), Progress(key, marker.size, path=NO_FILE))
    with target.open("wb") as file:
        while block := stream.read(BLOCK):
            file.write(block)
    if stream.sha256 != marker.sha256:
        raise StepError(f"{key} has sha256 {stream.sha256}, its marker says {marker.sha256}; remove {key} and update")


class _DigestingFile:
    """A file to read from, which computes the sha256 of the bytes read."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file = file
        self._progress = progress
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.sha256.update(data)
        self._progress.advance(len(data))
        return data


def upload_file(store: Store, key: str, path: Path) -> UploadedFile:
    """Upload a file to the bucket under a key; return its size, sha256 and ETag.

    Raises:
        TransientError: the bucket does not answer now.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        stream = _DigestingFile(file, Progress(key, size, path=NO_FILE))
        etag = store.upload(key, stream, size, "application/gzip")
    log.info(f"{key}: stored {log.format_bytes(size)}")
    return UploadedFile(size, stream.sha256.hexdigest(), etag)
