# SPDX-License-Identifier: Apache-2.0
"""Which certificate authorities to trust. Needs the extra `s3`."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import certifi


def ca_file() -> str:
    """Return the file that SSL_CERT_FILE names, else the system's list, else the one that certifi brings."""
    named = os.environ.get("SSL_CERT_FILE", "")
    if named:
        return named
    system = ssl.get_default_verify_paths().cafile
    return system if system and Path(system).is_file() else certifi.where()
