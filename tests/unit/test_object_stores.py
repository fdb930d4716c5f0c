# SPDX-License-Identifier: Apache-2.0
"""The three clients of the object store wait as long as they want, not as long as a server says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cosmogony_dashboard.errors import DashboardError
from cosmogony_dashboard.store import Store as DashboardStore
from cosmogony_importer.settings import Storage
from cosmogony_importer.storage import Store as ImporterStore
from cosmogony_pipeline.store import Store as PipelineStore


class Overloaded(BaseHTTPRequestHandler):
    """503 with an hour to wait, then 404."""

    def do_HEAD(self) -> None:
        self.server.asked += 1
        self.send_response(503 if self.server.asked == 1 else 404)
        self.send_header("Retry-After", "3600")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def overloaded() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Overloaded)
    server.asked = 0
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


def ask_pipeline(environment: dict[str, str]) -> None:
    assert PipelineStore.from_environment(environment).stat("absent") is None


def ask_dashboard(environment: dict[str, str]) -> None:
    with pytest.raises(DashboardError, match="does not exist"):
        DashboardStore(environment).open("absent")


def ask_importer(environment: dict[str, str]) -> None:
    assert ImporterStore(Storage.from_environment(environment)).metadata("absent") == {}


@pytest.mark.parametrize("ask", [ask_pipeline, ask_dashboard, ask_importer])
def test_a_server_that_names_an_hour_is_asked_again_soon(
    overloaded: ThreadingHTTPServer, ask: Callable[[dict[str, str]], None]
) -> None:
    began = time.monotonic()
    ask(
        {
            "S3_ENDPOINT": f"127.0.0.1:{overloaded.server_address[1]}",
            "S3_SECURE": "false",
            "S3_BUCKET": "bucket",
            "S3_ACCESS_KEY": "access",
            "S3_SECRET_KEY": "secret",
        }
    )
    assert overloaded.asked == 2
    assert time.monotonic() - began < 60
