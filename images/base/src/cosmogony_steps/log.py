# SPDX-License-Identifier: Apache-2.0
"""Plain lines on standard error, in UTC."""

from __future__ import annotations

import sys
import time


def _line(level: str, text: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(f"{stamp} {level} {text}", file=sys.stderr, flush=True)


def info(text: str) -> None:
    """Write what a reader of the log wants to know."""
    _line("INFO", text)


def warn(text: str) -> None:
    """Log a warning; the step continues."""
    _line("WARN", text)


def error(text: str) -> None:
    """Write why the step ends."""
    _line("ERROR", text)


def human_bytes(count: float) -> str:
    """1536 -> '1.5 KB', with the units people see on download sites."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError
