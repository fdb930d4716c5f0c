# SPDX-License-Identifier: Apache-2.0
"""What every kind of source can do."""

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

#: The bytes of a file from an offset to its end; `close` ends the connection.
Body: TypeAlias = Generator[bytes, None, None]


@dataclass(frozen=True, slots=True)
class Version:
    """What a server says about its current file."""

    url: str  # after redirects: the dated file behind a "-latest" name
    size: int | None = None  # bytes
    etag: str | None = None
    last_modified: str | None = None
    md5: str | None = None  # as published beside the file

    @property
    def redacted_url(self) -> str:
        """The URL without its query."""
        return redact_url(self.url)

    @property
    def file(self) -> str:
        """The name of the file."""
        return urlsplit(self.url).path.rpartition("/")[2]

    @property
    def date(self) -> str | None:
        """The day of the data, like 2026-11-22: from a dated file name, otherwise from Last-Modified."""
        dated = _DATED.search(self.file)
        if dated:
            year, month, day = dated.groups()
            return f"20{year}-{month}-{day}"
        try:
            moment = parsedate_to_datetime(self.last_modified) if self.last_modified else None
        except ValueError:
            return None
        return moment.date().isoformat() if isinstance(moment, datetime) else None

    def to_document(self) -> SourceVersion:
        """Return the version in the form that markers have."""
        return SourceVersion(
            url=self.redacted_url, size=self.size, etag=self.etag, last_modified=self.last_modified, md5=self.md5
        )


class Source(Protocol):
    """Where the file of a source is read from."""

    name: str

    def probe(self) -> Version:
        """Ask for the current version.

        Raises:
            StepError: the file cannot be read.
            TransientError: it cannot be read now.
        """

    def open(self, version: Version, offset: int) -> Body:
        """Return the bytes of a version from an offset on.

        Raises:
            SourceChangedError: the server has another version by now.
            StepError: the file cannot be read.
            TransientError: it cannot be read now.
        """


def find_md5(text: bytes) -> str | None:
    """Return the checksum in a .md5 file; None if there is none, as in an error page with status 200."""
    found = _MD5.search(text.decode("ascii", "replace").lower())
    return found.group() if found else None
