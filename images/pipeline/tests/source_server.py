# SPDX-License-Identifier: Apache-2.0
"""A small real download server that counts bytes and misbehaves on demand."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Served:
    """One file and its faults."""

    content: bytes = b""
    etag: str | None = None
    modified: float = 1_700_000_000
    redirect: str | None = None
    ranges: bool = True  # does it know Range?
    head: bool = True  # does it know HEAD?
    chunked: bool = False  # no Content-Length
    statuses: list[int] = field(default_factory=list)  # answers to come before the real one, for GET
    cuts: list[int] = field(default_factory=list)  # break the connection after this many bytes, one per GET
    swap: bytes | None = None  # becomes the content after the next GET began
    hold_at: int | None = None  # send this many bytes of the next GET, then wait until released
    held: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


class SourceServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, str, str | None]] = []  # method, path, Range
        self.body_bytes: Counter[str] = Counter()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def put(self, path: str, content: bytes = b"", *, md5: bool | str = True, **settings: Any) -> Served:
        """Serve CONTENT, with an ETag and (unless MD5 is false) the .md5 file beside it."""
        settings.setdefault("etag", f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()[:16]}"')
        self.files[path] = Served(content, **settings)
        self.files.pop(f"{path}.md5", None)
        if md5:
            text = md5 if isinstance(md5, str) else hashlib.md5(content, usedforsecurity=False).hexdigest()
            self.files[f"{path}.md5"] = Served(f"{text}  {path.rpartition('/')[2]}\n".encode())
        return self.files[path]

    def gets(self, path: str) -> list[str | None]:
        return [asked for method, wanted, asked in self.requests if (method, wanted) == ("GET", path)]

    def forget(self) -> None:
        self.requests.clear()
        self.body_bytes.clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SourceServer

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        server = self.server
        with server.lock:
            server.requests.append((self.command, self.path, self.headers.get("Range")))
            served = server.files.get(self.path)
            status = served.statuses.pop(0) if served and served.statuses and body else 0
        if served is None:
            return self._plain(404)
        if not body and not served.head:
            return self._plain(405)
        if status:
            return self._plain(status)
        if served.redirect:
            return self._plain(302, {"Location": served.redirect})
        return self._file(served, body)

    def _plain(self, status: int, headers: dict[str, str] | None = None) -> None:
        text = b"" if self.command == "HEAD" else f"status {status}\n".encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _file(self, served: Served, body: bool) -> None:
        content, start = served.content, 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        current = condition in (None, served.etag, formatdate(served.modified, usegmt=True))
        if asked and served.ranges and current:
            start = int(asked[1])
            if start >= len(content):
                return self._plain(416)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if served.etag:
            self.send_header("ETag", served.etag)
        self.send_header("Last-Modified", formatdate(served.modified, usegmt=True))
        if served.chunked:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if served.chunked:
            self.close_connection = True
        if body:
            self._send(served, content, start)
        return None

    def _send(self, served: Served, content: bytes, start: int) -> None:
        with self.server.lock:
            end = min(len(content), start + served.cuts.pop(0)) if served.cuts else len(content)
            if served.swap is not None:
                served.content, served.swap = served.swap, None
                served.etag = f'"{hashlib.sha1(served.content, usedforsecurity=False).hexdigest()[:16]}"'
        if served.hold_at is not None:
            middle, served.hold_at = served.hold_at, None
            self._write(content[start:middle])
            served.held.set()
            served.go.wait(60)
            self._write(content[middle:end])
        else:
            self._write(content[start:end])
        with self.server.lock:
            self.server.body_bytes[self.path] += end - start
        if end < len(content):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _write(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:  # the reader is gone
            self.close_connection = True


@contextmanager
def serving() -> Iterator[SourceServer]:
    server = SourceServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
