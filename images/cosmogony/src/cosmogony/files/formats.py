# SPDX-License-Identifier: Apache-2.0
"""File formats by the end of the file name, and files that appear under their name only when they are complete."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from cosmogony_steps.zonefiles import RECORD_FORMATS
from cosmogony_steps.zonefiles import ZoneFormat as Format
from cosmogony_steps.zonefiles import detect_format as detect_zone_format

from ..errors import CosmogonyError

__all__ = ["RECORD_FORMATS", "Format", "detect_format", "write_atomically"]


def detect_format(path: Path, allowed: Sequence[Format] = tuple(Format)) -> Format:
    """Return the file format that the end of a file name says, such as `.jsonl.gz`; case matters.

    Raises:
        CosmogonyError: the name ends in none of the allowed formats.
    """
    return detect_zone_format(str(path), allowed, problem="Unable to detect the file format of", kind=CosmogonyError)


@contextmanager
def write_atomically(path: Path) -> Iterator[Path]:
    """Yield a temporary file to write; it replaces `path` when the `with` block ends without an error.

    Raises:
        CosmogonyError: the file cannot be written.
    """
    if path.is_dir():
        raise CosmogonyError(f"{path}: is a folder, name a file to write")
    if path.exists() and not path.is_file():  # a device or a pipe is written to directly
        yield path
        return
    # The name is set before the file exists: a signal can arrive on any line, and `finally` removes the file by name.
    part = path.parent / f".{path.name}.{secrets.token_hex(4)}.part"
    failure = f"cannot be written in {path.parent}"
    try:
        part.touch(exist_ok=False)
        failure = "cannot be written"
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, part)
        part.replace(path)
    except OSError as error:
        raise CosmogonyError(f"{path}: {failure} ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            part.unlink()
