# SPDX-License-Identifier: Apache-2.0
"""Everything that an image is made of is pinned: by uv.lock, with digests, setuptools included."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import CHECKOUT

_IMAGES = sorted(path.parent for path in (CHECKOUT / "images").glob("*/pyproject.toml"))


def test_the_requirements_are_those_of_the_lock() -> None:
    done = subprocess.run(
        [sys.executable, CHECKOUT / "tools/export_requirements.py", "--check"],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("image", _IMAGES, ids=lambda image: image.name)
def test_an_image_takes_nothing_that_is_not_pinned(image: Path) -> None:
    dockerfile = (image / "Dockerfile").read_text(encoding="utf-8")
    commands = re.findall(r"pip (?:--python \S+ )?(?:install|wheel) .*", dockerfile)
    if "build-venv package" in dockerfile:
        assert commands == [], "build-venv of images/base installs"
        return
    requirements, package = commands
    assert "--require-hashes --only-binary :all: -r /build/requirements.txt" in requirements
    assert "--no-deps --no-build-isolation /build" in package
    assert re.search(r"^setuptools==", (image / "requirements.txt").read_text(encoding="utf-8"), re.M)
