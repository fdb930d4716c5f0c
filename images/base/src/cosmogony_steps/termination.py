# SPDX-License-Identifier: Apache-2.0
"""The message of a failed pod, which Argo shows as the message of the failed step."""

from __future__ import annotations

FILE = "/dev/termination-log"  # Kubernetes reads it, where it is there
LIMIT = 2000  # characters; Kubernetes cuts at 4096 bytes


def write(message: str) -> None:
    """Store the message; outside of a pod nothing happens."""
    try:
        # "r+" never makes the file: only Kubernetes does
        with open(FILE, "r+", encoding="utf-8") as file:  # noqa: PTH123  the watch loads this, and pathlib is large
            file.write(message[:LIMIT])
    except OSError:
        return
