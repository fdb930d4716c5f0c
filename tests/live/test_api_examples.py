# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/api.md, asked of the site of this machine as they stand there."""

from __future__ import annotations

import json
import os
import urllib.request

import api_examples
import pytest

SITE = os.environ.get("SITE_URL", "http://127.0.0.1:8080")


def test_examples_of_the_page_run() -> None:
    with urllib.request.urlopen(f"{SITE}/api/v1/releases", timeout=30) as answer:
        live = next(release for release in json.load(answer)["releases"] if release["live"])
    with urllib.request.urlopen(f"{SITE}/api/v1/releases/{live['id']}/countries", timeout=30) as answer:
        if len(json.load(answer)["zones"]) < 100:
            pytest.skip("the examples ask for zones of the sample world, which this site does not show")
    assert api_examples.run_examples(f"{SITE}/api", {}) == []
