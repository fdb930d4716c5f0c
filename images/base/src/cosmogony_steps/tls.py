# SPDX-License-Identifier: Apache-2.0
"""Which certificate authorities to trust. Needs the extra `s3`."""

from __future__ import annotations

import os
import ssl

import certifi


def find_ca_file() -> str:
    """Return the path of the CA certificates: SSL_CERT_FILE, the system's bundle, or the bundle of certifi."""
    return os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or certifi.where()
