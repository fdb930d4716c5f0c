# SPDX-License-Identifier: Apache-2.0
"""Programs that are built, not packaged: named by a variable, on PATH, or as built for the local cluster."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import CACHE, UnavailableError


def program(name: str) -> Path:
    """Find `minio` or `martin`; the variable is its name in capitals."""
    given = os.environ.get(name.upper()) or shutil.which(name)
    if given:
        return Path(given)
    built = sorted(CACHE.glob(f"programs/{name}-*/bin/{name}"), key=lambda path: path.stat().st_mtime)
    if not built:
        raise UnavailableError(f"no program {name}: set {name.upper()} to its path, or build the programs (make local)")
    return built[-1]
