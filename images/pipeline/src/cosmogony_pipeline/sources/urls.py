# SPDX-License-Identifier: Apache-2.0
"""URLs as others may see them: signatures and tokens stand in the query, names and passwords before the host."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit


def shown(url: str) -> str:
    """URL without user, password, query and fragment, for messages, markers, manifests and outputs."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0].rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
