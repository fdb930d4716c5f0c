# SPDX-License-Identifier: Apache-2.0
"""Installs the programs where the daemons find them, so that nothing that runs refers to the cache or a checkout."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from cluster_node.settings import NodeError, Settings


def _is_same_file(source: Path, target: Path) -> bool:
    """Return whether two files have the same content, judged by inode, or size and time."""
    if not target.exists():
        return False
    one, two = source.stat(), target.stat()
    return one.st_ino == two.st_ino or (one.st_size == two.st_size and one.st_mtime_ns == two.st_mtime_ns)


def _link_or_copy(source: Path, target: Path) -> None:
    """Install a file by a hard link, or a copy from another disk; an existing file is replaced, never written into."""
    temporary = target.with_name(f".{target.name}.new")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copy2(source, temporary)
    temporary.replace(target)


def install_programs(settings: Settings, dry_run: bool = False) -> dict[str, Any]:
    """Install binaries into bin/ and shared files into share/PROGRAM/; return the names of changed programs."""
    wanted: dict[Path, Path] = {}
    for program in settings.programs:
        origin = Path(program["directory"])
        for name in program["binaries"]:
            wanted[settings.state / "bin" / name] = origin / "bin" / name
            if not (origin / "bin" / name).is_file():
                raise NodeError(f"{origin / 'bin' / name} is missing: remove {origin} and run the same command again")
        for source in sorted(path for path in (origin / "share").rglob("*") if path.is_file()):
            wanted[settings.state / "share" / program["name"] / source.relative_to(origin / "share")] = source
    changed = [target for target, source in wanted.items() if not _is_same_file(source, target)]
    if not dry_run:
        for target in changed:
            target.parent.mkdir(parents=True, exist_ok=True)
            _link_or_copy(wanted[target], target)
    return {"changed": bool(changed), "installed": [str(path.relative_to(settings.state)) for path in changed]}
