# SPDX-License-Identifier: Apache-2.0
"""Read the content of HTTP responses as a stream of bytes."""

from __future__ import annotations

import urllib3
from cosmogony_steps.errors import TransientError
from urllib3.exceptions import HTTPError, LocationParseError

from .base import CHUNK, Body


def read_body(response: urllib3.BaseHTTPResponse, subject: str, skip: int = 0) -> Body:
    """Yield the content of an HTTP response in chunks of bytes, and close the response at the end.

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
        raise make_connection_error(subject, cause) from cause
    finally:
        response.close()
        response.release_conn()


def make_connection_error(subject: str, cause: BaseException) -> TransientError:
    """Return the error to raise for a connection that broke while a response was read."""
    return TransientError(f"{subject}: connection broke ({describe_cause(cause)})")


def describe_cause(cause: BaseException) -> str:
    """Return the first line of the message of an error, without the errors of urllib3 around it."""
    if isinstance(cause, LocationParseError):
        return "it is not a URL"
    reason = getattr(cause, "reason", None)
    text = str(reason if isinstance(reason, BaseException) else cause)
    return text.splitlines()[0] if text else type(cause).__name__
