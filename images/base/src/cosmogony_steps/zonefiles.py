# SPDX-License-Identifier: Apache-2.0
"""Formats of files of zones, decompression, and errors that name the file.

Records are parsed by the programs: each needs other fields of them.
"""

from __future__ import annotations

import gzip
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import IO, cast

from .errors import StepError


class ZoneFormat(Enum):
    """A format of a file of zones; the value is the end of the file's name."""

    JSON = ".json"
    JSON_GZ = ".json.gz"
    JSONL = ".jsonl"
    JSONL_GZ = ".jsonl.gz"
    PARQUET = ".parquet"
    FLATGEOBUF = ".fgb"

    @property
    def is_gzipped(self) -> bool:
        """Whether the file is gzip-compressed, in one or more members."""
        return self.value.endswith(".gz")

    @property
    def has_lines(self) -> bool:
        """Whether each line of the file is the JSON record of one zone."""
        return self in (ZoneFormat.JSONL, ZoneFormat.JSONL_GZ)


#: The formats that hold JSON records: programs read these, and only write the others.
RECORD_FORMATS = (ZoneFormat.JSON, ZoneFormat.JSON_GZ, ZoneFormat.JSONL, ZoneFormat.JSONL_GZ)


def detect_format(
    name: str,
    allowed: Sequence[ZoneFormat] = RECORD_FORMATS,
    *,
    problem: str = "Unknown file extension:",
    kind: type[StepError] = StepError,
) -> ZoneFormat:
    """Return the format of a file by the end of its name; upper and lower case differ, as in the original programs.

    Args:
        name: of the file.
        allowed: the formats to choose from.
        problem: begins the message; that of the original programs is kept.
        kind: class of the error.

    Raises:
        StepError: the name ends in none of the formats.
    """
    for form in allowed:
        if name.endswith(form.value):
            return form
    known = ", ".join(form.value for form in allowed)
    raise kind(f"{problem} {name}: the name must end in one of {known}")


def _open_gzip(raw: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(raw, "rb"))  # a GzipFile, which typeshed does not declare as IO[bytes]


def decompress(raw: IO[bytes], form: ZoneFormat, open_gzip: Callable[[IO[bytes]], IO[bytes]] = _open_gzip) -> IO[bytes]:
    """Return the stream, decompressed if its format is compressed; `open_gzip` reads all members of a gzip file."""
    return open_gzip(raw) if form.is_gzipped else raw


@contextmanager
def translate_file_errors(name: str, *errors: type[Exception], kind: type[StepError] = StepError) -> Iterator[None]:
    """Turn errors of reading and decompressing a file into a StepError that names it.

    Args:
        name: of the file.
        errors: further exceptions that mean a damaged gzip file, of another library.
        kind: class of the error.

    Raises:
        StepError: the file is damaged or cannot be read.
    """
    damage: tuple[type[Exception], ...] = (EOFError, zlib.error, gzip.BadGzipFile, *errors)
    try:
        yield
    except damage as error:
        raise kind(
            f"{name}: the gzip file is damaged or cut off and cannot be read ({error}); make or fetch it again"
        ) from error
    except OSError as error:
        raise kind(f"{name}: cannot be read ({error.strerror or error})") from error


def strip_byte_order_marks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Strip the byte order mark of each line; files that were concatenated may have one at any line."""
    return (line.removeprefix(BOM_UTF8) for line in lines)
