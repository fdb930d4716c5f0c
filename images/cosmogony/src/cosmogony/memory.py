# SPDX-License-Identifier: Apache-2.0
"""Give memory that is free inside the process back to the machine."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """glibc keeps what was freed; between stages that is a good part of the peak. Elsewhere this does nothing."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return
    trim(0)
