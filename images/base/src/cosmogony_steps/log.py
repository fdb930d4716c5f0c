# SPDX-License-Identifier: Apache-2.0
"""Log lines on standard error: time in UTC, level, text."""

from __future__ import annotations

import sys
import time


def _line(level: str, text: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(f"{stamp} {level} {text}", file=sys.stderr, flush=True)


def info(text: str) -> None:
    """Log a message at level INFO."""
    _line("INFO", text)


def warn(text: str) -> None:
    """Log a warning; the step continues."""
    _line("WARN", text)


def error(text: str) -> None:
    """Log an error, after which the step ends."""
    _line("ERROR", text)


def set_up_logging() -> None:
    """Write warnings and errors of libraries, which use the module logging, in the same format."""
    import logging

    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.addLevelName(logging.WARNING, "WARN")
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def format_bytes(count: float) -> str:
    """Return a size with a decimal unit, such as `1.5 KB` for 1536."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError
