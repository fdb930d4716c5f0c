# SPDX-License-Identifier: Apache-2.0
"""Files of zones: formats and damage."""

from __future__ import annotations

import gzip
import io

import pytest
from cosmogony_steps.errors import StepError
from cosmogony_steps.zonefiles import (
    ZoneFormat,
    decompress,
    detect_format,
    strip_byte_order_marks,
    translate_file_errors,
)


@pytest.mark.parametrize(
    ("name", "form", "gzipped", "lines"),
    [
        ("a/z.json", ZoneFormat.JSON, False, False),
        ("z.json.gz", ZoneFormat.JSON_GZ, True, False),
        ("z.jsonl", ZoneFormat.JSONL, False, True),
        ("z.jsonl.gz", ZoneFormat.JSONL_GZ, True, True),
    ],
)
def test_formats(name: str, form: ZoneFormat, gzipped: bool, lines: bool) -> None:
    assert detect_format(name) is form
    assert (form.is_gzipped, form.has_lines) == (gzipped, lines)


@pytest.mark.parametrize("name", ["z.JSON", "z.txt", "z.gz", "zjson", "z.jsonl.bz2"])
def test_an_unknown_format_is_named(name: str) -> None:
    with pytest.raises(StepError, match=f"Unknown file extension: {name}: .*\\.jsonl\\.gz"):
        detect_format(name)


def test_all_members_of_a_gzip_file_are_read() -> None:
    raw = io.BytesIO(gzip.compress(b"a\n") + gzip.compress(b"b\n"))
    assert list(decompress(raw, ZoneFormat.JSONL_GZ)) == [b"a\n", b"b\n"]
    assert decompress(raw, ZoneFormat.JSONL) is raw


@pytest.mark.parametrize(
    "content", [gzip.compress(b"zones" * 99)[:-9], b"no gzip", gzip.compress(b"zones")[:12] + b"xx"]
)
def test_a_damaged_file_is_named(content: bytes) -> None:
    with (
        pytest.raises(StepError, match=r"z\.jsonl\.gz: the gzip file is damaged or cut off and cannot be read"),
        translate_file_errors("z.jsonl.gz"),
    ):
        decompress(io.BytesIO(content), ZoneFormat.JSONL_GZ).read()


def test_errors_of_other_libraries_and_of_the_disk() -> None:
    with pytest.raises(StepError, match="damaged"), translate_file_errors("z", ZeroDivisionError):
        raise ZeroDivisionError
    with pytest.raises(StepError, match=r"z: cannot be read \(No such file or directory\)"), translate_file_errors("z"):
        open("/none")  # noqa: PTH123, SIM115
    with pytest.raises(StepError, match=r"^other$"), translate_file_errors("z"):
        raise StepError("other")


def test_strips_byte_order_marks() -> None:
    mark = b"\xef\xbb\xbf"
    assert list(strip_byte_order_marks([mark + b"a\n", b"b\n", mark])) == [b"a\n", b"b\n", b""]
