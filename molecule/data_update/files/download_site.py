# SPDX-License-Identifier: Apache-2.0
"""A download site: files with .md5, Range, ETag and Last-Modified, with faults set over /control/.

PUT    /control/files/NAME      store the body as file NAME           DELETE  remove file NAME
PUT    /control/latest/NAME     redirect NAME to the file named in the body
POST   /control/faults          {"name", "kind": status|cut|stall|md5, "method", "status", "after", "times"}
DELETE /control/faults          forget all faults and continue all stalled answers
GET    /control/seen            requests, body bytes and stalled answers of each name
DELETE /control/seen            count from zero
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("SITE_FOLDER", "/srv/site"))
PORT = int(os.environ.get("SITE_PORT", "8080"))
BLOCK = 64 * 1024
RANGE = re.compile(r"bytes=(\d+)-(\d*)")
STALL_LIMIT_SECONDS = 600.0  # a test that died must not keep a thread for ever


@dataclass
class Fault:
    """What goes wrong with answers for a file, after how many bytes, and how often (0: always)."""

    name: str
    kind: str
    method: str = "GET"
    status: int = 500
    after: int = 0
    times: int = 1


@dataclass
class RequestCounts:
    """Requests for one file, their Range headers, the body bytes sent, answers that stall, and statuses."""

    head: int = 0
    get: int = 0
    ranges: list[str] = field(default_factory=list)
    bytes: int = 0
    stalled: int = 0
    statuses: list[int] = field(default_factory=list)


class SiteState:
    """Faults that are set, counts of requests, and redirects to the latest files, by file name."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.faults: list[Fault] = []
        self.seen: dict[str, RequestCounts] = {}
        self.latest: dict[str, str] = {}
        self.stalls_ended = threading.Event()

    def take_fault(self, name: str, method: str, kinds: tuple[str, ...]) -> Fault | None:
        """Return a fault that is set for this request and count it as used once; None if there is none."""
        with self.lock:
            for fault in self.faults:
                if fault.name == name and fault.kind in kinds and fault.method in (method, "ANY"):
                    if fault.times == 1:
                        self.faults.remove(fault)
                    elif fault.times:
                        fault.times -= 1
                    return fault
        return None

    def get_counts(self, name: str) -> RequestCounts:
        return self.seen.setdefault(name, RequestCounts())


SITE = SiteState()


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "download-site"

    def do_GET(self) -> None:
        if self.path == "/control/seen":
            with SITE.lock:
                self._answer(HTTPStatus.OK, {name: asdict(counts) for name, counts in SITE.seen.items()})
        elif self.path == "/":
            self._answer(HTTPStatus.OK, {})
        else:
            self._file(send=True)

    def do_HEAD(self) -> None:
        self._file(send=False)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        folder, _, name = self.path.removeprefix("/control/").partition("/")
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
            self._answer(HTTPStatus.BAD_REQUEST, {"message": "no name"})
        elif folder == "files":
            unfinished = FOLDER / f".{name}.{threading.get_ident()}"
            unfinished.write_bytes(body)
            unfinished.rename(FOLDER / name)
            self._answer(HTTPStatus.CREATED, {"md5": _md5(FOLDER / name), "size": len(body)})
        elif folder == "latest":
            SITE.latest[name] = body.decode()
            self._answer(HTTPStatus.CREATED, {})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"message": "unknown"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        fault = Fault(**json.loads(body))
        with SITE.lock:
            SITE.faults.append(fault)
            SITE.stalls_ended.clear()
        self._answer(HTTPStatus.CREATED, asdict(fault))

    def do_DELETE(self) -> None:
        with SITE.lock:
            if self.path == "/control/faults":
                SITE.faults.clear()
                SITE.stalls_ended.set()
            elif self.path == "/control/seen":
                SITE.seen.clear()
            else:
                (FOLDER / self.path.removeprefix("/control/files/").replace("/", "")).unlink(missing_ok=True)
        self._answer(HTTPStatus.OK, {})

    def _file(self, *, send: bool) -> None:
        name = self.path.lstrip("/").partition("?")[0]
        if fault := SITE.take_fault(name, self.command, ("status",)):
            self._count(name, fault.status)
            self._answer(HTTPStatus(fault.status), {"message": "as ordered"})
            return
        if name in SITE.latest:
            self._count(name, HTTPStatus.FOUND)
            self._answer(HTTPStatus.FOUND, {}, Location=f"/{SITE.latest[name]}")
            return
        path = FOLDER / name.removesuffix(".md5")
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name) or not path.is_file():
            self._count(name, HTTPStatus.NOT_FOUND)
            self._answer(HTTPStatus.NOT_FOUND, {"message": "Not found"})
        elif name.endswith(".md5"):
            self._checksum(path, send=send)
        else:
            self._content(path, send=send)

    def _checksum(self, path: Path, *, send: bool) -> None:
        digest = _md5(path)
        if SITE.take_fault(path.name, "GET", ("md5",)):
            digest = "0" * 32
        self._count(f"{path.name}.md5", HTTPStatus.OK)
        self._send_text(f"{digest}  {path.name}\n".encode(), send=send)

    def _content(self, path: Path, *, send: bool) -> None:
        data = path.read_bytes()
        status = path.stat()
        etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
        start, end = 0, len(data)
        partial = RANGE.fullmatch(self.headers.get("Range", ""))
        if partial and self.headers.get("If-Range", etag) in (etag, formatdate(status.st_mtime, usegmt=True)):
            start, end = int(partial[1]), int(partial[2] or end - 1) + 1
        if start >= len(data) > 0:
            self._count(path.name, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self._answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {})
            return
        code = HTTPStatus.PARTIAL_CONTENT if (start, end) != (0, len(data)) else HTTPStatus.OK
        self._count(path.name, code, self.headers.get("Range"))
        self.send_response(code)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(end - start))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", etag)
        self.send_header("Last-Modified", formatdate(status.st_mtime, usegmt=True))
        if code == HTTPStatus.PARTIAL_CONTENT:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.end_headers()
        if send:
            self._body(path.name, data[start:end])

    def _body(self, name: str, data: bytes) -> None:
        fault = SITE.take_fault(name, "GET", ("cut", "stall"))
        for begin in range(0, len(data), BLOCK):
            block = data[begin : begin + BLOCK]
            if fault and begin + len(block) > fault.after:
                early = block[: max(0, fault.after - begin)]
                self._write(name, early)
                if fault.kind == "cut":
                    self.close_connection = True
                    self.wfile.flush()
                    return
                self._stall(name)
                block, fault = block[len(early) :], None
            self._write(name, block)

    def _write(self, name: str, block: bytes) -> None:
        self.wfile.write(block)
        with SITE.lock:
            SITE.get_counts(name).bytes += len(block)

    def _stall(self, name: str) -> None:
        self.wfile.flush()
        with SITE.lock:
            SITE.get_counts(name).stalled += 1
        SITE.stalls_ended.wait(STALL_LIMIT_SECONDS)
        with SITE.lock:
            SITE.get_counts(name).stalled -= 1

    def _count(self, name: str, status: int, asked: str | None = None) -> None:
        with SITE.lock:
            counts = SITE.get_counts(name)
            if self.command == "HEAD":
                counts.head += 1
            else:
                counts.get += 1
            counts.statuses.append(int(status))
            if asked:
                counts.ranges.append(asked)

    def _answer(self, status: HTTPStatus, document: Any, **headers: str) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_text(self, body: bytes, *, send: bool) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if send:
            self.wfile.write(body)


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()  # noqa: S104
