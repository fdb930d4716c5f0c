# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Errors of libraries in few words."""

from __future__ import annotations


def plain(error: BaseException) -> str:
    """Return the innermost cause, without the names of objects in memory."""
    while True:
        inner = error.__cause__ or getattr(error, "reason", None)
        if not isinstance(inner, BaseException) or inner is error:
            break
        error = inner
    text = str(getattr(error, "strerror", None) or error)
    # urllib3 puts "<connection object at 0x...>: " or "HTTPConnection(host=...): " before what it has to say.
    for mark in (">: ", "): "):
        text = text.rsplit(mark, 1)[-1]
    return " ".join(text.split())[:200]
