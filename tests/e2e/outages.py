# SPDX-License-Identifier: Apache-2.0
"""The site behind a proxy that answers 503 in place of a service, as nginx does while that service is away."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .site_client import Site

# Headers that belong to one connection; urllib and http.server write their own.
OF_CONNECTION = {"connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding"}


class SiteWithOutages:
    """The site at another address, of which parts can be made to fail."""

    def __init__(self, behind: Site, url: str) -> None:
        self.behind = behind
        self.site = Site(url)
        self._failing: re.Pattern[str] | None = None
        self._answer = (b"", {})

    def fail(self, paths: str, message: str, **headers: str) -> None:
        """Answer 503 to paths that match a regular expression; names of headers are written with _ for -."""
        body = json.dumps({"message": message}).encode()
        self._answer = (body, {name.replace("_", "-"): value for name, value in headers.items()})
        self._failing = re.compile(paths)

    def recover(self) -> None:
        self._failing = None

    def respond(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body for a path."""
        if self._failing and self._failing.search(path):
            body, more = self._answer
            return 503, {"Content-Type": "application/json", "Cache-Control": "no-store", **more}, body
        answer = self.behind.get(path, **headers)
        return answer.status, dict(answer.headers), answer.body


@contextmanager
def serve_with_outages(site: Site) -> Iterator[SiteWithOutages]:
    """Serve the site on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = {name: value for name, value in self.headers.items() if name.lower() not in OF_CONNECTION}
            status, headers, body = served.respond(self.path, wanted)
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in OF_CONNECTION:
                    self.send_header(name, value)
            if status not in {204, 304}:  # answers without a body
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = SiteWithOutages(site, f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
