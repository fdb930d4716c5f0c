# SPDX-License-Identifier: Apache-2.0
"""Memory of this process: what is freed returns to the machine, and when Python looks for cycles."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager


def trim_heap() -> None:
    """Return free memory to the machine.

    glibc keeps what was freed; between stages that is a good part of the peak. Elsewhere this does nothing.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return
    trim(0)


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Pause the search for cycles: zones and records have none, and the search takes up to a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
