# SPDX-License-Identifier: Apache-2.0
"""Digests of JSON documents: sorted keys, no blanks, UTF-8."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(document: Any) -> bytes:
    """Return a JSON document as the bytes that its digest is of."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(document: Any) -> str:
    """Return the sha256 of a JSON document, in hexadecimal digits."""
    return hashlib.sha256(canonical(document)).hexdigest()
