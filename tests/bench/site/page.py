# SPDX-License-Identifier: Apache-2.0
"""Figures of the page at SITE_URL in Chromium: bytes, seconds to a usable map, layout shift, frames a second."""

from __future__ import annotations

import gzip
import os
import re
from statistics import median

from e2e.chromium import FLAGS, PATIENCE, find_chromium
from e2e.site_client import Site
from e2e.watched_page import READY
from playwright.sync_api import Browser, Page, sync_playwright

# Counties of the United States, where the data have them.
PANNED = "#/5/-95/38"
WINDOW = {"width": 1360, "height": 860}
RUNS = 5
# Registered before the page runs: layout shift is reported to observers only.
SHIFTS = """
window.shifts = 0
new PerformanceObserver(list => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifts += shift.value
}).observe({ type: 'layout-shift', buffered: true })
"""
PAN = """
async () => {
  const { map } = window.cosmogony
  const frames = []
  let last = performance.now()
  let panning = true
  const count = now => { frames.push(now - last); last = now; if (panning) requestAnimationFrame(count) }
  requestAnimationFrame(count)
  for (const x of [500, -500, 300, -300]) {
    map.panBy([x, 120], { duration: 1500, easing: part => part })
    await new Promise(resolve => map.once('moveend', resolve))
  }
  panning = false
  return frames.slice(1)
}
"""


def measure_bytes(site: Site) -> dict[str, int]:
    """Return bytes of script and style after gzip: with the map library, and without."""
    page = site.get("/").body.decode()
    names = set(re.findall(r'(?:src|href)="\./(assets/[^"]+\.(?:js|css))"', page))
    sizes: dict[str, int] = {}
    while pending := names - sizes.keys():
        for name in pending:
            body = site.get(f"/{name}").content
            sizes[name] = len(gzip.compress(body, 9))
            text = body.decode()
            for found in re.findall(r'["\'`](?:\./|assets/)?([\w.-]+-[\w-]{8}\.(?:js|css))["\'`]', text):
                names.add(f"assets/{found}")
    library = sum(size for name, size in sizes.items() if "maplibre" in name)
    return {"with the map library": sum(sizes.values()), "without": sum(sizes.values()) - library}


def open_page(browser: Browser, url: str) -> Page:
    context = browser.new_context(viewport=WINDOW)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.add_init_script(SHIFTS)
    page.goto(url)
    page.wait_for_function(READY)
    return page


def measure_start(browser: Browser, url: str) -> tuple[float, float]:
    """Return seconds from the request to a drawn map, with an empty cache, and the layout shift."""
    page = open_page(browser, url)
    seconds = page.evaluate("() => performance.now() / 1000")
    page.wait_for_timeout(1000)
    shift = page.evaluate("() => window.shifts")
    page.context.close()
    return seconds, shift


def measure_panning(browser: Browser, url: str) -> tuple[float, float]:
    """Return frames a second while the map moves, and the longest frame in milliseconds."""
    page = open_page(browser, url)
    page.locator("[data-layer=state_district]").click()
    page.wait_for_timeout(1000)
    page.wait_for_function(READY)
    frames = page.evaluate(PAN)
    page.context.close()
    return 1000 * len(frames) / sum(frames), max(frames)


def main() -> None:
    """Print the figures."""
    site = Site(os.environ.get("SITE_URL", "http://127.0.0.1:8080").rstrip("/"))
    site.wait_for_release(seconds=20)
    for what, size in measure_bytes(site).items():
        print(f"script and style, gzip, {what}: {size / 1000:.0f} kB")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        starts = [measure_start(browser, f"{site.url}/") for _ in range(RUNS)]
        print(f"usable map: {median(seconds for seconds, _ in starts):.2f} s (median of {RUNS}, empty cache)")
        print(f"layout shift: {max(shift for _, shift in starts):.4f}")
        rate, longest = measure_panning(browser, f"{site.url}/{PANNED}")
        print(f"panning over the counties: {rate:.1f} frames a second, longest frame {longest:.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()
