# SPDX-License-Identifier: Apache-2.0
"""Programs that are built, not packaged: named by a variable, of the local cluster, on PATH, or as built for it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import CACHE, UnavailableError

STATE = Path(os.environ.get("COSMOGONY_STATE_DIR", "/var/lib/cosmogony-stack"))


def find_program(name: str) -> Path:
    """Find a program such as `minio`, `martin` or `helm`; the variable is its name in capitals."""
    installed = os.environ.get(name.upper()) or shutil.which(STATE / "bin" / name) or shutil.which(name)
    if installed:
        return Path(installed)
    built = sorted(CACHE.glob(f"programs/{name}-*/bin/{name}"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise UnavailableError(f"no program {name}: set {name.upper()} to its path, or build the programs (make local)")
    return built[-1]
