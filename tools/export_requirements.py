#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes requirements.txt of every Python image, with the versions and digests of uv.lock.

With --check nothing is written; what is not up to date is named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What an image has besides the dependencies of its package: setuptools to build it with, and optional libraries.
EXTRAS = {"api": ["build"], "base": ["build"], "cosmogony": ["formats"]}
OPTIONS = ["--locked", "--offline", "--no-dev", "--no-emit-workspace", "--no-header", "--no-annotate", "--quiet"]


def main() -> int:
    """Write the files, or compare them; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args().check
    stale = 0
    for project in sorted((ROOT / "images").glob("*/pyproject.toml")):
        target, text = project.with_name("requirements.txt"), requirements(project)
        if target.exists() and target.read_text(encoding="utf-8") == text:
            continue
        if check:
            print(f"{target.relative_to(ROOT)} is not up to date; run make requirements", file=sys.stderr)
            stale = 1
        else:
            target.write_text(text, encoding="utf-8")
    return stale


def requirements(project: Path) -> str:
    """Return the requirements of the image whose package a pyproject.toml describes."""
    package = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["name"]
    extras = [option for extra in EXTRAS.get(project.parent.name, []) for option in ("--extra", extra)]
    command = ["uv", "export", *OPTIONS, "--package", package, *extras]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
