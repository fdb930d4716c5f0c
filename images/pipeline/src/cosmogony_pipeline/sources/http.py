# SPDX-License-Identifier: Apache-2.0
"""http(s):// sources: follow redirects, and resume reading with Range and If-Range."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

import urllib3
from cosmogony_steps import log
from cosmogony_steps.ca_certificates import get_ca_file
from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.http_proxies import EnvironmentProxyPool
from urllib3.exceptions import HTTPError

from .base import Body, FileVersion, find_md5
from .reading_errors import SourceChangedError
from .response_bodies import describe_cause, make_connection_error, read_body
from .urls import redact_url

MAX_REDIRECTS = 10
_TRANSIENT = {408, 425, 429}  # HTTP statuses that a retry may cure, besides every 5xx
_REDIRECTS = {301, 302, 303, 307, 308}
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_HEADERS = {"User-Agent": "cosmogony-stack", "Accept-Encoding": "identity"}


class HttpSource:
    """A source whose file is on an HTTP server; the timeouts are in seconds."""

    def __init__(self, name: str, url: str, *, connect_timeout: float = 15, read_timeout: float = 60) -> None:
        self.name = name
        self.url = url
        self._pool = EnvironmentProxyPool(
            retries=False,
            timeout=urllib3.Timeout(connect=connect_timeout, read=read_timeout),
            cert_reqs="CERT_REQUIRED",
            ca_certs=get_ca_file(),
        )

    def fetch_version(self) -> FileVersion:
        """Return the current version of the file; see `Source.fetch_version`."""
        response, url = self._request("HEAD", self.url)
        response.drain_conn()
        if response.status in {405, 501}:  # the server does not support HEAD: ask with GET
            response, url = self._request("GET", self.url)
            response.close()
        self._raise_for_status(response, url)
        return FileVersion(
            url,
            _content_length(response),
            response.headers.get("ETag"),
            response.headers.get("Last-Modified"),
            self._fetch_md5(url),
        )

    def open(self, version: FileVersion, offset: int) -> Body:
        """Return the content from a byte offset; see `Source.open`."""
        headers = {}
        validator = _choose_validator(version)
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if validator:
                headers["If-Range"] = validator
        # A redirected URL with a signature may be valid for minutes only: follow the redirect from the start again.
        signed = bool(urlsplit(version.url).query)
        response, url = self._request("GET", self.url if signed else version.url, headers)
        try:
            if response.status == 416:
                raise SourceChangedError(f"{self._subject(url)} is shorter than before")
            self._raise_for_status(response, url)
            skip = self._check_version(response, version, offset, url)
        except BaseException:
            response.close()
            raise
        return read_body(response, self._subject(url), skip)

    def _subject(self, url: str) -> str:
        return f"source {self.name}: {redact_url(url)}"

    def _fetch_md5(self, resolved: str) -> str | None:
        """Return the md5 published next to the redirected URL, otherwise next to the configured one, otherwise None."""
        for url in dict.fromkeys((resolved, self.url)):
            parts = urlsplit(url)
            beside = urlunsplit(parts._replace(path=f"{parts.path}.md5", query="", fragment=""))
            response, final_url = self._request("GET", beside)
            try:
                if response.status == 200:
                    if md5 := find_md5(response.read(4096)):
                        return md5
                elif _is_transient(response.status):
                    self._raise_for_status(response, final_url)
            except HTTPError as cause:
                raise make_connection_error(self._subject(final_url), cause) from cause
            finally:
                response.close()
        return None

    def _check_version(self, response: urllib3.BaseHTTPResponse, version: FileVersion, offset: int, url: str) -> int:
        """Return how many bytes of the response to skip: `offset` if the server does not resume, otherwise 0.

        Raises:
            SourceChangedError: the answer is of another version.
        """
        changed = SourceChangedError(f"{self._subject(url)} changed on the server while it was fetched")
        for header, known in (("ETag", version.etag), ("Last-Modified", version.last_modified)):
            if known and response.headers.get(header) not in (None, known):
                raise changed
        if response.status == 206:
            described = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
            if not described or int(described[1]) != offset:
                raise TransientError(f"{self._subject(url)} answered another range than the one asked for")
            if version.size is not None and described[2] not in ("*", str(version.size)):
                raise changed
            return 0
        size = _content_length(response)
        if version.size is not None and size is not None and size != version.size:
            raise changed
        if offset:
            log.info(f"{self.name}: the server does not resume; reading again from the start")
        return offset

    def _request(
        self, method: str, url: str, headers: dict[str, str] | None = None
    ) -> tuple[urllib3.BaseHTTPResponse, str]:
        """Send a request and follow redirects; return the final response and its URL."""
        for _ in range(MAX_REDIRECTS):
            try:
                response = self._pool.request(
                    method, url, headers={**_HEADERS, **(headers or {})}, redirect=False, preload_content=False
                )
            except HTTPError as cause:
                if "CERTIFICATE_VERIFY_FAILED" in str(cause):
                    raise StepError(
                        f"source {self.name}: the certificate of {redact_url(url)} is not trusted;"
                        " add its CA to cosmogony_ca_bundle (variable CA_BUNDLE)"
                    ) from cause
                raise TransientError(f"{self._subject(url)} cannot be reached ({describe_cause(cause)})") from cause
            target = response.headers.get("Location")
            if response.status not in _REDIRECTS or not target:
                return response, url
            response.drain_conn()
            url = self._resolve_redirect(url, target)
        raise StepError(f"{self._subject(self.url)} redirects more than {MAX_REDIRECTS} times; correct the URL")

    def _resolve_redirect(self, url: str, target: str) -> str:
        try:
            new = urljoin(url, target)
            old_scheme, new_scheme = urlsplit(url).scheme, urlsplit(new).scheme
        except ValueError as cause:
            raise StepError(f"{self._subject(url)} redirects to what is not a URL; correct the URL") from cause
        if new_scheme not in {"http", "https"} or (old_scheme == "https" and new_scheme == "http"):
            raise StepError(
                f"{self._subject(url)} redirects from {old_scheme} to {new_scheme}; configure the final URL"
            )
        return new

    def _raise_for_status(self, response: urllib3.BaseHTTPResponse, url: str) -> None:
        if response.status in {200, 206}:
            return
        message = f"{self._subject(url)} answered HTTP {response.status}"
        if response.status < 400:
            raise StepError(f"{message}, which is not a file; correct the URL")
        if _is_transient(response.status):
            retry_after = response.headers.get("Retry-After", "")
            raise TransientError(message, retry_after=float(retry_after) if retry_after.isdigit() else None)
        raise StepError(f"{message}; correct or disable the source in cosmogony_sources")


def _is_transient(status: int) -> bool:
    return status >= 500 or status in _TRANSIENT


def _choose_validator(version: FileVersion) -> str | None:
    """Return the value of the header If-Range: a strong ETag, otherwise Last-Modified, otherwise None."""
    if version.etag and not version.etag.startswith("W/"):
        return version.etag
    return version.last_modified


def _content_length(response: urllib3.BaseHTTPResponse) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdigit() else None
