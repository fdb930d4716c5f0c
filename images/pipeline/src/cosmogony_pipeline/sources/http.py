# SPDX-License-Identifier: Apache-2.0
"""http(s):// sources: redirects resolved, short bodies noticed, resumed by Range and If-Range."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit, urlunsplit

import urllib3
from cosmogony_steps import log
from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.tls import find_ca_file
from urllib3.exceptions import HTTPError, LocationParseError

from .base import CHUNK, Version, published_md5
from .failures import SourceChangedError
from .urls import shown

MAX_REDIRECTS = 10
_PASSING = {408, 425, 429}  # and every 5xx
_REDIRECTS = {301, 302, 303, 307, 308}
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_HEADERS = {"User-Agent": "cosmogony-stack", "Accept-Encoding": "identity"}


class HttpSource:
    """A file on an HTTP server; the timeouts are in seconds."""

    def __init__(self, name: str, url: str, *, connect_timeout: float = 15, read_timeout: float = 60) -> None:
        self.name = name
        self.url = url
        self._pool = urllib3.PoolManager(
            retries=False,
            timeout=urllib3.Timeout(connect=connect_timeout, read=read_timeout),
            cert_reqs="CERT_REQUIRED",
            ca_certs=find_ca_file(),
        )

    def probe(self) -> Version:
        """See `Source.probe`."""
        response, url = self._ask("HEAD", self.url)
        response.drain_conn()
        if response.status in {405, 501}:  # no HEAD there
            response, url = self._ask("GET", self.url)
            response.close()
        self._refuse(response, url)
        return Version(
            url,
            _length(response),
            response.headers.get("ETag"),
            response.headers.get("Last-Modified"),
            self._published_md5(url),
        )

    def _published_md5(self, resolved: str) -> str | None:
        """The checksum beside the dated file, else beside the configured one; None when neither has one."""
        for url in dict.fromkeys((resolved, self.url)):
            parts = urlsplit(url)
            response, where = self._ask(
                "GET", urlunsplit(parts._replace(path=f"{parts.path}.md5", query="", fragment=""))
            )
            try:
                if response.status == 200:
                    found = published_md5(response.read(4096))
                    if found:
                        return found
                elif response.status >= 500 or response.status in _PASSING:
                    self._refuse(response, where)
            except HTTPError as cause:
                raise TransientError(
                    f"source {self.name}: {shown(where)}: connection broke ({_short(cause)})"
                ) from cause
            finally:
                response.close()
        return None

    def open(self, version: Version, offset: int) -> _HttpBody:
        """See `Source.open`."""
        headers = {}
        validator = _validator(version)
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if validator:
                headers["If-Range"] = validator
        # A redirect may lead to a signed URL, which is valid for minutes: ask for another one.
        signed = bool(urlsplit(version.url).query)
        response, url = self._ask("GET", self.url if signed else version.url, headers)
        try:
            if response.status == 416:
                raise SourceChangedError(f"source {self.name}: {shown(url)} is shorter than before")
            self._refuse(response, url)
            skip = self._check(response, version, offset, url)
        except BaseException:
            response.close()
            raise
        return _HttpBody(response, f"source {self.name}: {shown(url)}", skip)

    def _check(self, response: urllib3.BaseHTTPResponse, version: Version, offset: int, url: str) -> int:
        """How many bytes to pass over; SourceChangedError when this is not the version that was asked for."""
        changed = SourceChangedError(f"source {self.name}: {shown(url)} changed on the server while it was fetched")
        for header, known in (("ETag", version.etag), ("Last-Modified", version.last_modified)):
            if known and response.headers.get(header) not in (None, known):
                raise changed
        if response.status == 206:
            described = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
            if not described or int(described[1]) != offset:
                raise TransientError(f"source {self.name}: {shown(url)} answered another range than the one asked for")
            if version.size is not None and described[2] not in ("*", str(version.size)):
                raise changed
            return 0
        size = _length(response)
        if version.size is not None and size is not None and size != version.size:
            raise changed
        if offset:
            log.info(f"{self.name}: the server does not resume; reading again from the start")
        return offset

    def _ask(
        self, method: str, url: str, headers: dict[str, str] | None = None
    ) -> tuple[urllib3.BaseHTTPResponse, str]:
        """One request, redirects followed; returns the answer and the URL it came from."""
        for _ in range(MAX_REDIRECTS):
            try:
                response = self._pool.request(
                    method, url, headers={**_HEADERS, **(headers or {})}, redirect=False, preload_content=False
                )
            except HTTPError as cause:
                if "CERTIFICATE_VERIFY_FAILED" in str(cause):
                    raise StepError(
                        f"source {self.name}: the certificate of {shown(url)} is not trusted;"
                        " name the CA with SSL_CERT_FILE"
                    ) from cause
                raise TransientError(f"source {self.name}: {shown(url)} cannot be reached ({_short(cause)})") from cause
            target = response.headers.get("Location")
            if response.status not in _REDIRECTS or not target:
                return response, url
            response.drain_conn()
            url = self._redirected(url, target)
        raise StepError(
            f"source {self.name}: {shown(self.url)} redirects more than {MAX_REDIRECTS} times; correct the URL"
        )

    def _redirected(self, url: str, target: str) -> str:
        try:
            new = urljoin(url, target)
            old_scheme, new_scheme = urlsplit(url).scheme, urlsplit(new).scheme
        except ValueError as cause:
            raise StepError(f"source {self.name}: {shown(url)} redirects to what is no URL; correct the URL") from cause
        if new_scheme not in {"http", "https"} or (old_scheme == "https" and new_scheme == "http"):
            raise StepError(
                f"source {self.name}: {shown(url)} redirects from {old_scheme} to {new_scheme}; configure the final URL"
            )
        return new

    def _refuse(self, response: urllib3.BaseHTTPResponse, url: str) -> None:
        if response.status < 400:
            if response.status in {200, 206}:
                return
            raise StepError(
                f"source {self.name}: {shown(url)} answered HTTP {response.status}, which is no file; correct the URL"
            )
        message = f"source {self.name}: {shown(url)} answered HTTP {response.status}"
        if response.status >= 500 or response.status in _PASSING:
            raise TransientError(message, retry_after=_seconds(response.headers.get("Retry-After")))
        raise StepError(f"{message}; correct or disable the source in cosmogony_sources")


class _HttpBody:
    def __init__(self, response: urllib3.BaseHTTPResponse, what: str, skip: int) -> None:
        self._response = response
        self._what = what
        self._skip = skip

    def __iter__(self) -> Iterator[bytes]:
        try:
            while chunk := self._response.read1(CHUNK, decode_content=False):
                passed = min(self._skip, len(chunk))
                self._skip -= passed
                if passed < len(chunk):
                    yield chunk[passed:]
        except (HTTPError, OSError) as cause:
            raise TransientError(f"{self._what}: connection broke ({_short(cause)})") from cause

    def close(self) -> None:
        self._response.close()


def _validator(version: Version) -> str | None:
    """What If-Range may carry: a strong ETag, else the date."""
    if version.etag and not version.etag.startswith("W/"):
        return version.etag
    return version.last_modified


def _length(response: urllib3.BaseHTTPResponse) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdigit() else None


def _short(cause: BaseException) -> str:
    if isinstance(cause, LocationParseError):
        return "it is no URL"
    reason = getattr(cause, "reason", None)
    text = str(reason if isinstance(reason, BaseException) else cause)
    return text.splitlines()[0] if text else type(cause).__name__
