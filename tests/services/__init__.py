# SPDX-License-Identifier: Apache-2.0
"""Real servers for tests, thrown away afterwards: PostgreSQL with PostGIS (postgis), MinIO (objectstore)."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cosmogony-stack"
PORTS = range(15_000, 30_000)
T = TypeVar("T")


class UnavailableError(Exception):
    """The reason why there is no real server here."""


def skip_unless_available(make: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """What `make` returns; the test is skipped with the reason when it cannot be had."""
    try:
        return make(*arguments, **options)
    except UnavailableError as reason:
        pytest.skip(str(reason))


def free_port() -> int:
    """A port of the loopback address on which nobody listens.

    It is none of those that the system gives to outgoing connections (32768 and above, unless it was set up otherwise):
    while a server is away, one of them could take the port that the server has to come back to.
    """
    chance = random.SystemRandom()
    while True:
        port = chance.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
