# SPDX-License-Identifier: Apache-2.0
"""Puts the programs where the daemons find them, so that nothing that runs refers to the cache or a checkout."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

from cluster_node.common import NodeError, Settings


def same_file(source: Path, target: Path) -> bool:
    """The same content, as far as links, size and time tell."""
    if not target.exists():
        return False
    one, two = source.stat(), target.stat()
    return one.st_ino == two.st_ino or (one.st_size == two.st_size and one.st_mtime_ns == two.st_mtime_ns)


def link_or_copy(source: Path, target: Path) -> None:
    """Hard link on the same disk, else a copy; a running program's file is replaced, never written into."""
    temporary = target.with_name(f".{target.name}.new")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copy2(source, temporary)
    temporary.replace(target)


def install_programs(settings: Settings) -> dict[str, Any]:
    """Every binary into bin/, shared files into share/<program>/."""
    changed: list[str] = []
    directory = settings.state / "bin"
    directory.mkdir(parents=True, exist_ok=True)
    for program in settings.programs:
        origin = Path(program["directory"])
        for name in program["binaries"]:
            source = origin / "bin" / name
            if not source.is_file():
                raise NodeError(f"{source} is missing: remove {origin} and run the same command again")
            if not same_file(source, directory / name):
                link_or_copy(source, directory / name)
                changed.append(name)
        for source in sorted(path for path in (origin / "share").rglob("*") if path.is_file()):
            target = settings.state / "share" / program["name"] / source.relative_to(origin / "share")
            target.parent.mkdir(parents=True, exist_ok=True)
            if not same_file(source, target):
                link_or_copy(source, target)
                changed.append(str(target.relative_to(settings.state)))
    return {"changed": bool(changed), "installed": changed}
