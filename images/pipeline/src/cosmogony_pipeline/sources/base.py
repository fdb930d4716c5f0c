# SPDX-License-Identifier: Apache-2.0
"""What every kind of source can do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urlsplit

from cosmogony_steps.documents import SourceVersion

from .urls import shown

CHUNK = 256 * 1024
_MD5 = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_DATED = re.compile(r"[-_](?:20)?(\d{2})-?([01]\d)-?([0-3]\d)\.(?:osm\.)?pbf$")


@dataclass(frozen=True, slots=True)
class Version:
    """What a server says about the file it has now."""

    url: str  # after redirects: the dated file behind a "-latest" name
    size: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    md5: str | None = None  # as published beside the file

    @property
    def shown(self) -> str:
        """The URL without its query."""
        return shown(self.url)

    @property
    def file(self) -> str:
        """The name of the file."""
        return urlsplit(self.url).path.rpartition("/")[2]

    @property
    def date(self) -> str | None:
        """The day of the data: from a dated name, else when the server's file was made."""
        dated = _DATED.search(self.file)
        if dated:
            year, month, day = dated.groups()
            return f"20{year}-{month}-{day}"
        try:
            moment = parsedate_to_datetime(self.last_modified) if self.last_modified else None
        except ValueError:
            return None
        return moment.date().isoformat() if isinstance(moment, datetime) else None

    def as_document(self) -> SourceVersion:
        """Return it as a marker has it."""
        return SourceVersion(
            url=self.shown, size=self.size, etag=self.etag, last_modified=self.last_modified, md5=self.md5
        )


class Body(Protocol):
    """The bytes of a file from some offset on; ``changed`` versions never get this far."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None:
        """Give the connection or file back."""


class Source(Protocol):
    """Where the file of a source is read from."""

    name: str

    def probe(self) -> Version:
        """Ask for the version that there is now.

        Raises:
            StepError: the file cannot be had.
            TransientError: it cannot be had now.
        """

    def open(self, version: Version, offset: int) -> Body:
        """Return the bytes of a version, from an offset on.

        Raises:
            SourceChangedError: the server has another version by now.
            StepError: the file cannot be had.
            TransientError: it cannot be had now.
        """


def published_md5(text: bytes) -> str | None:
    """The checksum in a .md5 file; None when the text holds none (an error page with status 200)."""
    found = _MD5.search(text.decode("ascii", "replace").lower())
    return found.group() if found else None
