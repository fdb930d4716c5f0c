# SPDX-License-Identifier: Apache-2.0
"""What this program is: the version text it is compatible with, and a digest of what is installed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

#: The text of `--version`: scripts written for the original read it.
COMPATIBLE_VERSION = "cosmogony_builder 0.14.5"

_SUFFIXES = {".py", ".tsv", ".csv", ".json"}


@cache
def build_digest() -> str:
    """sha256 of the installed package files (name and content, sorted by name).

    Zones made by the same build digest, rules and input are the same; the pipeline skips on that.
    """
    root = Path(__file__).parent
    digest = hashlib.sha256()
    files = (p for p in root.rglob("*") if p.suffix in _SUFFIXES and "__pycache__" not in p.parts)
    for path in sorted(files, key=lambda p: p.relative_to(root).as_posix()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
