# SPDX-License-Identifier: Apache-2.0
"""URLs without their secrets: signatures and tokens are in the query, names and passwords before the host."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def redact_url(url: str) -> str:
    """Return a URL without user, password, query and fragment, for messages, markers, manifests and outputs."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0].rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
