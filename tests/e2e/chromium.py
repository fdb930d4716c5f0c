# SPDX-License-Identifier: Apache-2.0
"""The Chromium of this machine."""

from __future__ import annotations

import os
import shutil

# WebGL comes from SwiftShader, and the browser talks to the site only.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# Milliseconds; software rendering on a busy machine is slow.
PATIENCE = 60_000


def find_chromium() -> str | None:
    """Path of the program: that of the variable CHROMIUM, or one that is installed."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
