# SPDX-License-Identifier: Apache-2.0
"""Post a document to a webhook. Its URL contains a token and is never part of a message."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
import urllib3
from cosmogony_steps.ca_certificates import get_ca_file
from cosmogony_steps.documents import ABSENT, WebhookAnswer
from cosmogony_steps.http_proxies import EnvironmentProxyPool
from urllib3 import exceptions

ATTEMPTS = 4
PAUSE = 1.0  # seconds before the second attempt to post; doubled before each further one
CONNECT, READ = 5.0, 10.0  # seconds
#: Why a post failed, by the error of urllib3; the first class that fits counts.
REASONS = {
    exceptions.ProxyError: "the proxy of the cluster does not let it through",
    exceptions.SSLError: "its certificate is not trusted, or it does not speak TLS",
    exceptions.NameResolutionError: "the name of its host is unknown",
    exceptions.NewConnectionError: "the connection was refused",
    exceptions.ConnectTimeoutError: f"no connection within {CONNECT:.0f} s",
    exceptions.ReadTimeoutError: f"no answer within {READ:.0f} s",
    exceptions.ProtocolError: "the connection broke",
}
TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


@dataclass(frozen=True)
class PostResult:
    """Result of a post; `error` is empty if the receiver accepted the document."""

    error: str = ""
    status: int | None = None
    attempts: int = 0
    is_transient: bool = False  # whether another attempt can help

    def to_webhook_answer(self) -> WebhookAnswer:
        """Return the result as the summary of a run has it."""
        return WebhookAnswer(
            posted=not self.error, status=self.status, attempts=self.attempts, error=self.error or ABSENT
        )


def post_document(url: str, document: dict[str, Any]) -> PostResult:
    """Post a document, and retry if that can help. Redirects are not followed: the token is for this receiver.

    Args:
        url: of the receiver.
        document: plain JSON values.
    """
    url = url.strip()
    if error := _find_error(url):
        return PostResult(error)
    body = orjson.dumps(document)
    timeout = urllib3.Timeout(connect=CONNECT, read=READ)
    http = EnvironmentProxyPool(timeout=timeout, cert_reqs="CERT_REQUIRED", ca_certs=get_ca_file())
    answer = PostResult()
    for attempt in range(1, ATTEMPTS + 1):
        answer = _try_post(http, url, body, attempt)
        if not answer.is_transient or attempt == ATTEMPTS:
            break
        time.sleep(PAUSE * 2 ** (attempt - 1))
    return answer


def _try_post(http: EnvironmentProxyPool, url: str, body: bytes, attempt: int) -> PostResult:
    headers = {"Content-Type": "application/json", "User-Agent": "cosmogony-report"}
    try:
        response = http.request("POST", url, body=body, headers=headers, retries=False, redirect=False)
    except exceptions.HTTPError as error:
        reason, is_transient = _describe_error(error)
        return PostResult(reason, None, attempt, is_transient)
    except (ValueError, OSError) as error:
        return PostResult(f"it cannot be called ({type(error).__name__})", None, attempt)
    if 200 <= response.status < 300:
        return PostResult("", response.status, attempt)
    return PostResult(f"it answered HTTP {response.status}", response.status, attempt, response.status in TRANSIENT)


def _find_error(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    return "" if good else "its key url is not an http(s) URL"


def _describe_error(error: exceptions.HTTPError) -> tuple[str, bool]:
    """Return the reason, and whether a retry can help. Messages of the library are not used: they contain the URL."""
    for kind, reason in REASONS.items():
        if isinstance(error, kind):
            return reason, kind is not exceptions.SSLError
    return f"it cannot be called ({type(error).__name__})", False
