# SPDX-License-Identifier: Apache-2.0
"""The manifest of a release, without what only its operator may see.

It shows where the data is from, and hides how the operator's network is built: URLs of internal hosts and image
references are cut to their last part, and no URL keeps a user, a password or a query.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit, urlunsplit

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S*")
_IMAGES = ("importer", "dashboard")
_INSIDE = (".svc", ".local", ".internal", ".intranet", ".lan", ".localhost", ".home.arpa", ".test")


def redact_manifest(manifest: Json) -> Json:
    """Return a manifest (docs/reference/schemas/manifest.json) without internal hosts, credentials and registries."""
    shown = _redact_urls(manifest)
    if isinstance(shown, dict) and isinstance(inputs := shown.get("inputs"), dict):
        shown["inputs"] = {
            key: _last_part(value) if key in _IMAGES and isinstance(value, str) else value
            for key, value in inputs.items()
        }
    return shown


def redact_document(document: dict[str, Any]) -> dict[str, Any]:
    """Return any other document without internal hosts and credentials in its URLs."""
    return {key: _redact_urls(value) for key, value in document.items()}


def redact_url(url: str) -> str:
    """Return the public part of a URL: without user and query if its host is public, otherwise the file name only."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme.lower() in ("http", "https") and _is_public_host(host):
        return urlunsplit(SplitResult(parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return _last_part(parts.path)


def _redact_urls(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _redact_urls(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_redact_urls(inner) for inner in value]
    if isinstance(value, str):
        return _URL.sub(lambda found: redact_url(found.group()), value)
    return value


def _is_public_host(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host.strip(".") and not host.rstrip(".").endswith(_INSIDE)


def _last_part(text: str) -> str:
    return text.rstrip("/").rpartition("/")[2]
