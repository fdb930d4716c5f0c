# SPDX-License-Identifier: Apache-2.0
"""Tests of the running site at SITE_URL, in the browser CHROMIUM. TILES_ENGINE=trex: its tile server is t-rex."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .chromium import FLAGS, PATIENCE, find_chromium
from .outages import SiteWithOutages, serve_with_outages
from .site_client import Site
from .watched_page import WatchedPage

DESKTOP = {"width": 1360, "height": 860}


@pytest.fixture(scope="session")
def site() -> Site:
    """The site, once it has a release."""
    found = Site(os.environ.get("SITE_URL", "http://127.0.0.1:8080").rstrip("/"))
    found.wait_for_release(seconds=20)
    return found


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Folder for screenshots."""
    default = Path(__file__).parents[2] / "artifacts" / "e2e"
    folder = Path(os.environ.get("E2E_ARTIFACTS", default))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, with a new profile."""
    program = find_chromium()
    if program is None:
        pytest.fail("no Chromium found; install the package chromium or name one in CHROMIUM", pytrace=False)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


@contextmanager
def _watch_page(browser: Browser, site: Site) -> Iterator[WatchedPage]:
    context = browser.new_context(viewport=DESKTOP, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page = WatchedPage(context.new_page(), site)
    yield page
    context.close()
    page.check_requests_and_errors()


@pytest.fixture
def watched(browser: Browser, site: Site) -> Iterator[WatchedPage]:
    """A new page; errors in it and requests to other hosts fail the test."""
    with _watch_page(browser, site) as page:
        yield page


@pytest.fixture
def outages(site: Site) -> Iterator[SiteWithOutages]:
    """The site at another address, where its services can be made to fail."""
    with serve_with_outages(site) as served:
        yield served


@pytest.fixture
def watched_with_outages(browser: Browser, outages: SiteWithOutages) -> Iterator[WatchedPage]:
    """A new page of the site with outages."""
    with _watch_page(browser, outages.site) as page:
        page.expected = ("503",)
        yield page


@pytest.fixture
def page(watched: WatchedPage) -> Page:
    """The watched page."""
    return watched.page


@pytest.fixture(scope="session")
def vaduz(site: Site) -> dict:
    """The zone Vaduz in the API."""
    answer = site.get("/api/zones/osm/relation:48")
    if answer.status == 404:
        pytest.skip("the site serves other data than the sample of Liechtenstein")
    assert answer.status == 200, answer
    return answer.json()["zone"]
