# SPDX-License-Identifier: Apache-2.0
"""The message of a failed pod, which Argo shows as the message of the failed step."""

from __future__ import annotations

from . import log

FILE = "/dev/termination-log"  # Kubernetes creates it in each container
MAX_LENGTH = 2000  # characters; Kubernetes cuts at 4096 bytes


def write_pod_message(message: str) -> None:
    """Store a message as that of the pod; outside of a pod do nothing."""
    try:
        # "r+" never makes the file: only Kubernetes does
        with open(FILE, "r+", encoding="utf-8") as file:  # noqa: PTH123  the watch loads this, and pathlib is large
            file.write(message[:MAX_LENGTH])
    except OSError:
        return


def report_failure(message: str, exit_code: int) -> int:
    """Log why the program ends and store it as the message of the pod; return the exit code."""
    log.error(message)
    write_pod_message(message)
    return exit_code
