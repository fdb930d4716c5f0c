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


def set_up_logging() -> None:
    """Let the module logging, which libraries log with, write lines of this form too: warnings and errors."""
    import logging

    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.addLevelName(logging.WARNING, "WARN")
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def format_bytes(count: float) -> str:
    """1536 -> '1.5 KB', with the units people see on download sites."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError
