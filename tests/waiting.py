# SPDX-License-Identifier: Apache-2.0
"""Waiting with a limit, which says what it saw last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def wait_for(look: Callable[[], T], what: str, *, limit: float, interval: float = 0.2) -> T:
    """Look until something true comes back; errors of a service that is away count as nothing seen."""
    end = time.monotonic() + limit
    last: Any = None
    while True:
        try:
            found = look()
            if found:
                return found
            last = found
        except (OSError, AssertionError, LookupError) as error:
            last = error
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit:g} s; seen last: {last!r}")
        time.sleep(interval)
