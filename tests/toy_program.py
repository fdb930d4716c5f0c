# SPDX-License-Identifier: Apache-2.0
"""A program that is built in no time, for tests of the builder."""

from __future__ import annotations

import stat
from pathlib import Path


def write_go_program(folder: Path, version: str = "1.2.3") -> None:
    folder.mkdir(parents=True)
    (folder / "program.toml").write_text(
        f'version = "{version}"\ntoolchain = "go"\n[binaries]\nhello = "example.test/hello/v2"\n'
        '[check]\nhello = ["--version"]\n'
    )
    (folder / "go.mod").write_text("module x\n")
    (folder / "go.sum").write_text("")


def write_fake_go(folder: Path, body: str) -> None:
    """A compiler that is new enough and writes a program that prints a version."""
    folder.mkdir(exist_ok=True)
    go = folder / "go"
    go.write_text(
        f'#!/bin/sh\nif [ "$1" = env ]; then echo go1.30.1; exit 0; fi\necho "$@" >> {folder}/calls\n{body}\n'
    )
    go.chmod(go.stat().st_mode | stat.S_IXUSR)


GOOD = (
    'while [ "$1" != -o ]; do shift; done; printf "#!/bin/sh\\necho hello v1.2.3\\n" > "$2/hello"; chmod +x "$2/hello"'
)
