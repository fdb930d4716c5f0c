# SPDX-License-Identifier: Apache-2.0
"""The version that this program is compatible with, and a digest of the installed files."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

#: The output of `--version`: scripts written for the original Cosmogony read it.
COMPATIBLE_VERSION = "cosmogony_builder 0.14.5"

_SUFFIXES = {".py", ".tsv", ".csv", ".json"}
_LIBRARIES = ("numpy", "orjson", "osmium", "shapely")


@cache
def compute_program_digest() -> str:
    """Return the sha256 of the program: names and contents of its files, and versions of its libraries.

    The same build digest, rules and input give the same zones, so the pipeline can skip work.
    """
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in list_digested_files(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    for name in _LIBRARIES:
        digest.update(f"{name} {metadata.version(name)}\0".encode())
    return digest.hexdigest()


def list_digested_files(root: Path) -> list[Path]:
    """Return the files below the package folder `root` that count in the digest: code and tables, by name."""
    files = (path for path in root.rglob("*") if path.suffix in _SUFFIXES and "__pycache__" not in path.parts)
    return sorted(files, key=lambda path: path.relative_to(root).as_posix())
