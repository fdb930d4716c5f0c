# SPDX-License-Identifier: Apache-2.0
"""The interface that sources of all URL schemes have, and the version of a file on a server."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

from cosmogony_steps.documents import SourceVersion

from .urls import redact_url

CHUNK = 256 * 1024  # bytes
_MD5 = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_DATED = re.compile(r"[-_](?:20)?(\d{2})-?([01]\d)-?([0-3]\d)\.(?:osm\.)?pbf$")

#: The content of a file in chunks of bytes; `close` ends the connection.
Body: TypeAlias = Generator[bytes, None, None]


@dataclass(frozen=True, slots=True)
class FileVersion:
    """What a server says about the file of a source: URL, size, ETag, date and checksum."""

    url: str  # URL after redirects, such as that of the dated file behind a "-latest" name
    size: int | None = None  # size of the file in bytes, None if unknown
    etag: str | None = None
    last_modified: str | None = None
    md5: str | None = None  # checksum that the server publishes in a .md5 file

    @property
    def redacted_url(self) -> str:
        """The URL of the file without its query, which may hold a secret."""
        return redact_url(self.url)

    @property
    def file_name(self) -> str:
        """The name of the file on the server, the last part of its URL."""
        return urlsplit(self.url).path.rpartition("/")[2]

    @property
    def data_date(self) -> str | None:
        """The day of the data, such as 2026-11-22: from a dated file name, otherwise from Last-Modified."""
        dated = _DATED.search(self.file_name)
        if dated:
            year, month, day = dated.groups()
            return f"20{year}-{month}-{day}"
        try:
            moment = parsedate_to_datetime(self.last_modified) if self.last_modified else None
        except ValueError:
            return None
        return moment.date().isoformat() if isinstance(moment, datetime) else None

    def to_document(self) -> SourceVersion:
        """Return the version as markers store it: without the query of the URL, which may hold a secret."""
        return SourceVersion(
            url=self.redacted_url, size=self.size, etag=self.etag, last_modified=self.last_modified, md5=self.md5
        )


class Source(Protocol):
    """The interface through which the file of a source is read, whatever the scheme of its URL."""

    name: str

    def fetch_version(self) -> FileVersion:
        """Ask the server for the current version of the file.

        Raises:
            StepError: the file cannot be read.
            TransientError: it cannot be read now.
        """

    def open(self, version: FileVersion, offset: int) -> Body:
        """Return the content of a version of the file as chunks of bytes, from a byte offset to the end.

        Raises:
            SourceChangedError: the server has another version by now.
            StepError: the file cannot be read.
            TransientError: it cannot be read now.
        """


def find_md5(text: bytes) -> str | None:
    """Return the md5 in the content of a .md5 file; None without one, as in an error page with status 200."""
    found = _MD5.search(text.decode("ascii", "replace").lower())
    return found.group() if found else None
