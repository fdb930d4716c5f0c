# SPDX-License-Identifier: Apache-2.0
"""Tells the versions of Python packages that this interpreter finds, as JSON."""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata


def version(name: str) -> str:
    """Return the version of a package, empty when it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


if __name__ == "__main__":
    found = {name: version(name) for name in sys.argv[1:]}
    json.dump({"python": platform.python_version(), "found": found}, sys.stdout)
