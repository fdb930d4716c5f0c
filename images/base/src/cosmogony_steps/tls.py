# SPDX-License-Identifier: Apache-2.0
"""Which certificate authorities to trust. Needs the extra `s3`."""

from __future__ import annotations

import os
import ssl

import certifi


def find_ca_file() -> str:
    """Return the file that SSL_CERT_FILE names; without that the system's list, or the one that certifi brings."""
    return os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or certifi.where()
