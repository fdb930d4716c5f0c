# SPDX-License-Identifier: Apache-2.0
"""Write generated files, or check that they are up to date."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def update_files(render_files: Callable[[], Mapping[Path, str | None]], command: str, description: str | None) -> int:
    """Write the generated files that have changed; with --check only name them.

    Args:
        render_files: returns the content of each file, or None for a file to remove.
        command: renews the files, for messages.
        description: of the program, for --help.

    Returns:
        The exit code: 1 if --check finds a file that is not up to date.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args().check
    files = render_files()
    stale = [path for path, text in files.items() if (path.read_text("utf-8") if path.exists() else None) != text]
    for path in stale:
        text = files[path]
        if check:
            print(f"{path.relative_to(ROOT)} is not up to date; run {command}", file=sys.stderr)
        elif text is None:
            path.unlink()
        else:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


def fill_between_markers(text: str, name: str, lines: Iterable[str]) -> str:
    """Return a text with other lines between its markers `<!-- begin NAME -->` and `<!-- end NAME -->`.

    Raises:
        ValueError: A marker is missing.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    head, found, rest = text.partition(begin)
    _old, closed, tail = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the markers {begin} and {end} are missing")
    return "\n".join([head + begin, *lines, end]) + tail
