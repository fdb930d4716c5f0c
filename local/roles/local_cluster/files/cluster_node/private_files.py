# SPDX-License-Identifier: Apache-2.0
"""Files that only root may read."""

from __future__ import annotations

import os
from pathlib import Path


def write_private_file(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a file atomically; unless the mode allows it, no other user can read it at any moment."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(data)
    temporary.replace(path)
