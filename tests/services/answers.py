# SPDX-License-Identifier: Apache-2.0
"""A server on a loopback port that gives every request the same answer, such as the refusal of an S3 server."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Answer:
    """What is answered; with `then`, the requests after the first one get that.

    The answers to the methods of `without_length` have no Content-Length, as with some proxies.
    """

    status: int
    body: bytes = b""
    content_type: str = "application/xml"
    headers: dict[str, str] = field(default_factory=dict)
    then: Answer | None = None
    without_length: tuple[str, ...] = ()


def s3_error(code: str, status: int) -> Answer:
    """An error as S3 servers describe it."""
    text = f"<Error><Code>{code}</Code><Message>as wanted</Message><Resource>/bucket</Resource></Error>"
    return Answer(status, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode())


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.next_answer()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.content_type)
        if self.command not in answer.without_length:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815  the names of http.server

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Counts in `asked` how often it was asked."""

    daemon_threads = True

    def __init__(self, answer: Answer, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._answer = answer
        self.asked = 0
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate / "public.crt", certificate / "private.key")
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def next_answer(self) -> Answer:
        self.asked += 1
        answer = self._answer
        self._answer = answer.then or answer
        return answer

    def environment(self, *, secure: bool = False) -> dict[str, str]:
        """The settings of a step whose bucket is here."""
        return {
            "S3_ENDPOINT": self.endpoint,
            "S3_SECURE": str(secure).lower(),
            "S3_REGION": "us-east-1",
            "S3_BUCKET": "bucket",
            "S3_ACCESS_KEY": "access",
            "S3_SECRET_KEY": "hush-hush",
        }

    def handle_error(self, *_: object) -> None:
        """A client that goes away, as one that does not trust the certificate, is nothing to show."""


@contextmanager
def serving(answer: Answer, certificate: Path | None = None) -> Iterator[Server]:
    """Answer until the block ends; with a folder of public.crt and private.key over TLS."""
    server = Server(answer, certificate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


#: The answers of S3 servers that programs have to distinguish, with the exit code that each one means.
REFUSALS = {
    "AccessDenied": (403, 1),
    "InvalidAccessKeyId": (403, 1),
    "SignatureDoesNotMatch": (403, 1),
    "RequestTimeTooSkewed": (403, 1),
    "NoSuchBucket": (404, 1),
    "InvalidBucketName": (400, 2),
    "AuthorizationHeaderMalformed": (400, 1),
    "InvalidRegion": (400, 1),
    "PermanentRedirect": (301, 1),
    "NotImplemented": (501, 1),
    "EntityTooLarge": (400, 1),
    "BadRequest": (400, 1),
    "MethodNotAllowed": (405, 1),
    "SlowDown": (503, 75),
    "ServiceUnavailable": (503, 75),
    "InternalError": (500, 75),
    "RequestTimeout": (400, 75),
    "XMinioServerNotInitialized": (503, 75),
}
