# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Short texts for errors of libraries."""

from __future__ import annotations


def describe_cause(error: BaseException) -> str:
    """Return the innermost cause of an error on one line of at most 200 characters, without addresses in memory."""
    while True:
        inner = error.__cause__ or getattr(error, "reason", None)
        if not isinstance(inner, BaseException) or inner is error:
            break
        error = inner
    text = str(getattr(error, "strerror", None) or error)
    # urllib3 begins with "<connection object at 0x...>: " or "HTTPConnection(host=...): ".
    for mark in (">: ", "): "):
        text = text.rsplit(mark, 1)[-1]
    return " ".join(text.split())[:200]
