# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/api.md, asked of the running site as they stand there."""

from __future__ import annotations

import api_examples

from .site_client import Site


def test_examples_of_the_page_run(site: Site, vaduz: dict) -> None:
    assert vaduz["name"] == "Vaduz"
    assert api_examples.run_examples(f"{site.url}/api", {}) == []
