# SPDX-License-Identifier: Apache-2.0
"""A page in the browser, with the questions that several tests ask."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request

from .siteweb import Site

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


class Watch:
    """A page, what it asked for and what it complained about."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page = page
        self.site = site
        self.requests: list[str] = []
        self.complaints: list[str] = []
        # Parts of complaints that a test causes on purpose.
        self.expected: tuple[str, ...] = ()
        page.on("request", self._asked)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def check(self) -> None:
        """No request left the site, and nothing was an error."""
        own = urlsplit(self.site.url).netloc
        hosts = {
            urlsplit(url).netloc for url in self.requests if urlsplit(url).scheme in {"http", "https", "ws", "wss"}
        }
        assert hosts <= {own}, f"the page asked other hosts: {sorted(hosts - {own})}"
        unexpected = [text for text in self.complaints if not any(part in text for part in self.expected)]
        assert not unexpected, unexpected

    def open(self, address: str = "") -> None:
        """Open an address of the site and wait until its map is drawn."""
        self.page.goto(f"{self.site.url}/{address}")
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_function(READY)

    def drawn(self, zone_type: str) -> dict[str, str]:
        """Ids and names of the zones of a type that are drawn with the fill of the chosen layer."""
        return self.page.evaluate(DRAWN, zone_type)

    def place(self, lng: float, lat: float) -> tuple[float, float]:
        x, y = self.page.evaluate(PLACE, [lng, lat])
        return x, y

    def state(self, path: str) -> Any:
        return self.page.evaluate(f"() => window.cosmogony.state.{path}")

    def text(self, testid: str) -> str:
        return self.page.get_by_test_id(testid).inner_text()
