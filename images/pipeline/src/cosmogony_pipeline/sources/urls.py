# SPDX-License-Identifier: Apache-2.0
"""Remove secrets from URLs: signatures and tokens in the query, names and passwords before the host."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def redact_url(url: str) -> str:
    """Return a URL without user, password, query and fragment, fit for messages and documents."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0].rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
