# SPDX-License-Identifier: Apache-2.0
"""Files of zones: their formats, what is around the records, and how a broken file is named.

What is in a record is for those who read it: each program takes other parts of it, with the parser that suits.
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
    """What a file of zones can be, by the end of its name."""

    JSON = ".json"
    JSON_GZ = ".json.gz"
    JSONL = ".jsonl"
    JSONL_GZ = ".jsonl.gz"
    PARQUET = ".parquet"
    FLATGEOBUF = ".fgb"

    @property
    def is_gzipped(self) -> bool:
        """Whether the file is compressed; it may have several members."""
        return self.value.endswith(".gz")

    @property
    def has_lines(self) -> bool:
        """Whether each line is a record."""
        return self in (ZoneFormat.JSONL, ZoneFormat.JSONL_GZ)


#: Formats that can be read: one JSON document or a record per line, gzipped or not.
RECORD_FORMATS = (ZoneFormat.JSON, ZoneFormat.JSON_GZ, ZoneFormat.JSONL, ZoneFormat.JSONL_GZ)


def detect_format(
    name: str,
    allowed: Sequence[ZoneFormat] = RECORD_FORMATS,
    *,
    problem: str = "Unknown file extension:",
    kind: type[StepError] = StepError,
) -> ZoneFormat:
    """Return the format of a file by the end of its name; the case matters, as it does for the originals.

    Args:
        name: of the file.
        allowed: the formats to choose from.
        problem: what the message begins with; callers of the originals know their texts.
        kind: of the error.

    Raises:
        StepError: the name ends in none of the formats.
    """
    for form in allowed:
        if name.endswith(form.value):
            return form
    known = ", ".join(form.value for form in allowed)
    raise kind(f"{problem} {name}: the name must end in one of {known}")


def _open_gzip(raw: IO[bytes]) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(raw, "rb"))  # typeshed does not say that it is one


def decompress(raw: IO[bytes], form: ZoneFormat, open_gzip: Callable[[IO[bytes]], IO[bytes]] = _open_gzip) -> IO[bytes]:
    """Return the text of a file; of a gzip file that of all its members, read with `open_gzip`."""
    return open_gzip(raw) if form.is_gzipped else raw


@contextmanager
def translate_file_errors(name: str, *errors: type[Exception], kind: type[StepError] = StepError) -> Iterator[None]:
    """Name the file that cannot be read or decompressed.

    Args:
        name: of the file.
        errors: those of another library for gzip files, besides Python's own.
        kind: of the error that is raised.

    Raises:
        StepError: the block met a damaged file, or could not read it.
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
    """Return lines without the byte order marks that files put together by `cat` may have at the start of any line."""
    return (line.removeprefix(BOM_UTF8) for line in lines)
