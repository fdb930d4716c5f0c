# SPDX-License-Identifier: Apache-2.0
"""The forwarder leads from the machine's own address to the site."""

from __future__ import annotations

import json
import os
import urllib.request

SITE = os.environ.get("SITE_URL", "http://127.0.0.1:8080")


def get(path: str) -> bytes:
    with urllib.request.urlopen(SITE + path, timeout=30) as answer:
        assert answer.status == 200
        return answer.read()


def test_the_page_is_served() -> None:
    assert b"<html" in get("/").lower()


def test_a_release_is_live_and_its_tiles_are_versioned_by_it() -> None:
    release = json.loads(get("/api/release"))["id"]
    assert release in json.loads(get("/tiles/cosmogony.json"))["tiles"][0]
