#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write requirements.txt of every Python image, with the versions and digests of uv.lock.

With --check nothing is written; files that are not up to date are named, and the exit code is 1.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from generated_files import ROOT, update_files

#: Extras that an image has in addition to the dependencies of its package: setuptools to build it, optional libraries.
EXTRAS = {"api": ["build"], "base": ["build"], "cosmogony": ["formats"]}
OPTIONS = ["--locked", "--offline", "--no-dev", "--no-emit-workspace", "--no-header", "--no-annotate", "--quiet"]


def render_files() -> dict[Path, str | None]:
    """Return the text of requirements.txt of every Python image, by path."""
    projects = (ROOT / "images").glob("*/pyproject.toml")
    return {project.with_name("requirements.txt"): export_requirements(project) for project in sorted(projects)}


def export_requirements(project: Path) -> str:
    """Return the text of requirements.txt for the package of an image, which its pyproject.toml names."""
    package = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["name"]
    extras = [option for extra in EXTRAS.get(project.parent.name, []) for option in ("--extra", extra)]
    command = ["uv", "export", *OPTIONS, "--package", package, *extras]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(update_files(render_files, "make requirements", __doc__))
