# SPDX-License-Identifier: Apache-2.0
"""A client of the site."""

from __future__ import annotations

import gzip
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from typing import Any


@dataclass
class Answer:
    """An answer, also with an error status."""

    status: int
    headers: Message = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def content(self) -> bytes:
        return gzip.decompress(self.body) if self.headers.get("Content-Encoding") == "gzip" else self.body

    @property
    def cache_control(self) -> str:
        return self.headers.get("Cache-Control", "")


@dataclass
class Site:
    """A site over HTTP."""

    url: str

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Answer:
        """Send a request; header names are written with _ for -."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, headers=names, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def wait_for_release(self, seconds: float) -> None:
        """Wait until the site has a release to show."""
        end = time.monotonic() + seconds
        while True:
            try:
                answer = self.get("/tiles/cosmogony.json")
                if answer.status == 200:
                    return
                last = f"{answer.status} {answer.body[:200]!r}"
            except OSError as error:
                last = str(error)
            if time.monotonic() > end:
                raise AssertionError(f"{self.url}/tiles/cosmogony.json does not answer: {last}")
            time.sleep(0.5)

    def get_tilejson(self) -> dict[str, Any]:
        return self.get("/tiles/cosmogony.json").json()

    def get_release(self) -> str:
        return self.get_tilejson()["tiles"][0].partition("?v=")[2]
