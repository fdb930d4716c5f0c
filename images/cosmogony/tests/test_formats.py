# SPDX-License-Identifier: Apache-2.0
"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from cosmogony.errors import CosmogonyError
from cosmogony.files import formats


class Interrupted(BaseException):
    """What a signal's handler raises, on a line of the test's choice."""


@contextmanager
def interrupt_at_line(count: int) -> Iterator[list[int]]:
    """Raise on the count-th line that `write_atomically` runs, as a signal would; yields the lines seen."""
    code = formats.write_atomically.__wrapped__.__code__
    seen: list[int] = []

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if frame.f_code is not code:
            return None
        if event == "line":
            seen.append(frame.f_lineno)
            if len(seen) == count:
                raise Interrupted
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield seen
    finally:
        sys.settrace(before)


def write(path: Path, text: str) -> None:
    with formats.write_atomically(path) as part:
        part.write_text(text)


def test_an_interrupt_on_any_line_leaves_nothing_half_written(tmp_path: Path) -> None:
    path = tmp_path / "zones.jsonl"
    with interrupt_at_line(0) as lines:
        write(path, "whole")
    assert path.read_text() == "whole"
    for count in range(1, len(lines) + 1):
        path.write_text("old")
        with pytest.raises(Interrupted), interrupt_at_line(count):
            write(path, "whole")
        assert path.read_text() in ("old", "whole")
        assert [file.name for file in tmp_path.iterdir()] == ["zones.jsonl"], f"line {lines[count - 1]}"


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "zones.jsonl"
    path.write_text("old")
    with (
        pytest.raises(CosmogonyError, match=r"zones\.jsonl: cannot be written \(no space\)"),
        formats.write_atomically(path),
    ):
        raise OSError("no space")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_output_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "zones").touch()
    with pytest.raises(CosmogonyError, match=r"cannot be written in .*zones \(Not a directory\)"):
        write(tmp_path / "zones" / "zones.jsonl", "whole")


def test_the_mode_is_the_one_of_the_file_before(tmp_path: Path) -> None:
    path = tmp_path / "zones.jsonl"
    write(path, "first")
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o640)
    write(path, "second")
    assert path.stat().st_mode & 0o777 == 0o640
