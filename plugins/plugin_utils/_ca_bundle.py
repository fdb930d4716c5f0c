# SPDX-License-Identifier: Apache-2.0
"""The CA certificates of the site (cosmogony_ca_bundle), and the environment variables that pods get for them."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

CONFIG_MAP = "cosmogony-ca"
KEY = "ca.crt"
FOLDER = "/etc/cosmogony-ca"
FILE = f"{FOLDER}/{KEY}"


def read_ca_bundle(path: str) -> str:
    """Return the certificates in the file of the controller; "" without a path.

    Raises:
        ValueError: the file cannot be read, holds no certificate, or holds a key, which pods must not get.
    """
    if not path:
        return ""
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ValueError(f"cosmogony_ca_bundle is {path}, which cannot be read ({reason}): name a PEM file") from error
    if "PRIVATE KEY-----" in text:
        raise ValueError(f"cosmogony_ca_bundle is {path}, which holds a private key: name one with certificates only")
    try:
        ssl.create_default_context().load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(
            f"cosmogony_ca_bundle is {path}, which holds no certificate that can be read: name a PEM file, with"
            " -----BEGIN CERTIFICATE----- before each"
        ) from error
    return text


def make_ca_environment(sslmode: str) -> dict[str, str]:
    """Return the environment variables that name the certificates to programs in pods.

    The steps trust them beside those of the system. For PostgreSQL they count alone, and only where its certificate is
    to be verified: libpq would verify it in the modes `prefer` and `require` as well, if it had root certificates, see
    https://www.postgresql.org/docs/17/libpq-ssl.html
    """
    variables = {"CA_BUNDLE": FILE}
    if sslmode in ("verify-ca", "verify-full"):
        variables["PGSSLROOTCERT"] = FILE
    return variables


def compute_revision(text: str) -> str:
    """Return a short text that changes with the certificates, so that pods that read them are replaced."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""
