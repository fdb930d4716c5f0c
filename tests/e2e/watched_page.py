# SPDX-License-Identifier: Apache-2.0
"""A page in the browser, and what several tests ask of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request

from .site_client import Site

READY = "() => document.querySelector('[data-testid=map]')?.dataset.ready === 'true' && window.cosmogony.map.loaded()"
DRAWN = """
type => {
  const features = window.cosmogony.map.queryRenderedFeatures({ layers: ['all'] })
  const wanted = features.filter(feature => feature.properties.zone_type === type)
  return Object.fromEntries(wanted.map(feature => [feature.id, feature.properties.name ?? '']))
}
"""
PLACE = """
([lng, lat]) => {
  const point = window.cosmogony.map.project([lng, lat])
  const box = document.querySelector('[data-testid=map]').getBoundingClientRect()
  return [point.x + box.left, point.y + box.top]
}
"""


class WatchedPage:
    """A page with its requests and its errors."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site
        self.requests: list[str] = []
        self.errors: list[str] = []
        # Parts of errors that a test causes on purpose.
        self.expected: tuple[str, ...] = ()
        page.on("request", self._record_request)
        page.on("console", self._record_message)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))

    def _record_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _record_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def check_requests_and_errors(self) -> None:
        """Check that the page requested nothing from other hosts and had no unexpected errors."""
        own = urlsplit(self.site.url).netloc
        hosts = {
            urlsplit(url).netloc for url in self.requests if urlsplit(url).scheme in {"http", "https", "ws", "wss"}
        }
        assert hosts <= {own}, f"the page requested from other hosts: {sorted(hosts - {own})}"
        unexpected = [text for text in self.errors if not any(part in text for part in self.expected)]
        assert not unexpected, unexpected

    def open(self, address: str = "") -> None:
        """Open an address of the site and wait until its map is drawn."""
        self.page.goto(f"{self.site.url}/{address}")
        self.wait_until_drawn()

    def wait_until_drawn(self) -> None:
        self.page.wait_for_function(READY)

    def list_drawn(self, zone_type: str) -> dict[str, str]:
        """Ids and names of the zones of a type that are drawn with the fill of the chosen layer."""
        return self.page.evaluate(DRAWN, zone_type)

    def to_screen(self, lng: float, lat: float) -> tuple[float, float]:
        """Return the place of a coordinate on the screen, in pixels."""
        x, y = self.page.evaluate(PLACE, [lng, lat])
        return x, y

    def read_state(self, path: str) -> Any:
        return self.page.evaluate(f"() => window.cosmogony.state.{path}")

    def read_text(self, testid: str) -> str:
        return self.page.get_by_test_id(testid).inner_text()
