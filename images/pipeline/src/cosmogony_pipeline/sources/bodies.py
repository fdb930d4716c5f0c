# SPDX-License-Identifier: Apache-2.0
"""The content of HTTP answers as a stream of bytes."""

from __future__ import annotations

import urllib3
from cosmogony_steps.errors import TransientError
from urllib3.exceptions import HTTPError, LocationParseError

from .base import CHUNK, Body


def read_body(response: urllib3.BaseHTTPResponse, subject: str, skip: int = 0) -> Body:
    """Yield the content of an answer; its connection is given back at the end.

    Args:
        response: the answer.
        subject: what messages begin with.
        skip: bytes at the beginning to leave out.

    Raises:
        TransientError: the connection broke.
    """
    try:
        while chunk := response.read1(CHUNK, decode_content=False):
            skipped = min(skip, len(chunk))
            skip -= skipped
            if skipped < len(chunk):
                yield chunk[skipped:]
    except (HTTPError, OSError) as cause:
        raise broken_connection(subject, cause) from cause
    finally:
        response.close()
        response.release_conn()


def broken_connection(subject: str, cause: BaseException) -> TransientError:
    """Return the error for a connection that broke."""
    return TransientError(f"{subject}: connection broke ({describe_cause(cause)})")


def describe_cause(cause: BaseException) -> str:
    """Return the first line of what went wrong, without the layers of urllib3 around it."""
    if isinstance(cause, LocationParseError):
        return "it is not a URL"
    reason = getattr(cause, "reason", None)
    text = str(reason if isinstance(reason, BaseException) else cause)
    return text.splitlines()[0] if text else type(cause).__name__
