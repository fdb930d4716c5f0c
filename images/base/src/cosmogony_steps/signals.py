# SPDX-License-Identifier: Apache-2.0
"""SIGTERM as an error, so that a step cleans up before it ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from .errors import TerminatedError


@contextmanager
def raise_on_sigterm() -> Iterator[None]:
    """Raise `TerminatedError` in the main thread when SIGTERM arrives, until the block ends."""
    previous = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _raise_terminated(number: int, frame: object) -> NoReturn:
    raise TerminatedError("stopped by SIGTERM")
