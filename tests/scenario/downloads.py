# SPDX-License-Identifier: Apache-2.0
"""The download site of the scenario, and its faults."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import Any


class Downloads:
    """Its control interface."""

    def __init__(self, url: str) -> None:
        self.url = url

    def put(self, name: str, content: bytes) -> str:
        """Serve CONTENT as NAME; returns its md5."""
        return self._ask("PUT", f"files/{name}", content)["md5"]

    def lead(self, name: str, target: str) -> None:
        """Redirect NAME to the file TARGET, and its .md5 to that of the file."""
        for ending in ("", ".md5"):
            self._ask("PUT", f"latest/{name}{ending}", f"{target}{ending}".encode())

    def get(self, name: str) -> bytes:
        with urllib.request.urlopen(f"{self.url}/{name}", timeout=30) as answer:
            return answer.read()

    def remove(self, name: str) -> None:
        self._ask("DELETE", f"files/{name}")

    def fault(self, name: str, kind: str, **more: Any) -> None:
        self._ask("POST", "faults", json.dumps({"name": name, "kind": kind, **more}).encode())

    def all_right(self) -> None:
        """No fault any more, and whoever was kept waiting continues."""
        self._ask("DELETE", "faults")

    def seen(self, name: str) -> dict[str, Any]:
        nothing = {"head": 0, "get": 0, "ranges": [], "bytes": 0, "stalled": 0, "statuses": []}
        return self._ask("GET", "seen").get(name, nothing)

    def forget_seen(self) -> None:
        self._ask("DELETE", "seen")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(f"{self.url}/control/{path}", data=body, method=method)
        for attempt in range(5):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.loads(answer.read())
            except ConnectionError:
                if attempt == 4:
                    raise
                time.sleep(1)
        raise AssertionError
