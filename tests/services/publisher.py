# SPDX-License-Identifier: Apache-2.0
"""A publisher of programs on a loopback port: files by path, and what may go wrong with each of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    server: Publisher

    def do_GET(self) -> None:
        publisher = self.server
        publisher.asked.append(self.path)
        if self.path in publisher.hanging:
            publisher.released.wait(30)
            return
        if publisher.challenge and self.path.startswith("/v2/") and "Authorization" not in self.headers:
            self.send_response(401)
            self.send_header("WWW-Authenticate", publisher.challenge)
            self.end_headers()
            return
        if self.path in publisher.moved:
            self.send_response(307)
            self.send_header("Location", publisher.moved[self.path])
            self.end_headers()
            return
        if not self.path.startswith("/v2/") and "Authorization" in self.headers:
            self.send_error(400, "a token for another address")
            return
        body = publisher.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path in publisher.halved else body)

    def log_message(self, *_: object) -> None:
        pass


class Publisher(ThreadingHTTPServer):
    """Serves `files`; those of `hanging` are never answered, those of `halved` end in the middle.

    With a `challenge` it wants a token below /v2/ as a registry does, and refuses it elsewhere. `moved`: URLs by path.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.hanging: set[str] = set()
        self.halved: set[str] = set()
        self.challenge = ""
        self.moved: dict[str, str] = {}
        self.asked: list[str] = []
        self.released = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """A client that goes away is nothing to show."""


@contextmanager
def publishing() -> Iterator[Publisher]:
    """A publisher until the block ends."""
    publisher = Publisher()
    thread = threading.Thread(target=publisher.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield publisher
    finally:
        publisher.released.set()
        publisher.shutdown()
        publisher.server_close()
        thread.join(10)
