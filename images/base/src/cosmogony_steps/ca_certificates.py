# SPDX-License-Identifier: Apache-2.0
"""Which certificate authorities to trust. Needs the extra `s3`."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import ssl
import tempfile
from pathlib import Path

import certifi

from .errors import UsageError


def get_ca_file() -> str:
    """Return the path of the CA certificates: public ones, and beside them those of the site that CA_BUNDLE names.

    The public ones are those of SSL_CERT_FILE, of the system, or of certifi.

    Raises:
        UsageError: the file that CA_BUNDLE names cannot be read.
    """
    public = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or certifi.where()
    site = os.environ.get("CA_BUNDLE")
    return _join_files(public, site) if site else public


@functools.cache
def _join_files(public: str, site: str) -> str:
    try:
        certificates = [Path(path).read_bytes() for path in (public, site)]
    except OSError as error:
        raise UsageError(
            f"CA certificates {error.filename} cannot be read ({error.strerror}); correct CA_BUNDLE"
        ) from error
    with tempfile.NamedTemporaryFile(prefix="ca-", suffix=".pem", delete=False) as file:
        file.write(b"\n".join(certificates))
    atexit.register(_remove_file, Path(file.name), os.getpid())
    return file.name


def _remove_file(path: Path, process: int) -> None:
    if os.getpid() == process:  # only the process that made the file removes it: a child would take it from the others
        with contextlib.suppress(OSError):
            path.unlink()
