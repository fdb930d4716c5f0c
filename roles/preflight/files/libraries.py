# SPDX-License-Identifier: Apache-2.0
"""Print as JSON which of the given Python packages (``minio>=7.2``) this interpreter lacks."""

from __future__ import annotations

import json
import platform
import re
import sys
from importlib import metadata


def _find_package_problem(requirement: str) -> str:
    """Return what is wrong with a required Python package (``minio>=7.2``); empty if nothing is."""
    name, _, least = requirement.partition(">=")
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name} >= {least}"
    return "" if parse_version(version) >= parse_version(least) else f"{name} >= {least} (has {version})"


def parse_version(version: str) -> list[int]:
    """Return a version as a tuple of numbers, to be compared."""
    return [int(number) for number in re.findall(r"\d+", version)]


if __name__ == "__main__":
    lacking = [problem for problem in map(_find_package_problem, sys.argv[1:]) if problem]
    json.dump({"python": platform.python_version(), "lacking": lacking}, sys.stdout)
