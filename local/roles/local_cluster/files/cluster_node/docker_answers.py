# SPDX-License-Identifier: Apache-2.0
"""References of images, and what Docker answers."""

from __future__ import annotations

from typing import Any

from cluster_node.settings import NodeError


def split_reference(reference: str) -> tuple[str, str, str]:
    """Return registry, repository and tag of a reference such as 127.0.0.1:5000/a/b:tag."""
    registry, _, rest = reference.partition("/")
    repository, _, tag = rest.rpartition(":")
    if not repository or "/" in tag:
        raise NodeError(f"image {reference} has no tag")
    return registry, repository, tag


def wait_for_docker(stream: Any, action: str) -> None:
    """Read Docker's streamed answer to its end, which is when what it was asked for has ended.

    Raises:
        NodeError: a message of the answer is an error, which Docker reports with status 200.
    """
    for message in stream:
        if "error" in message:
            raise NodeError(f"{action}: {message['error'].strip()}")
