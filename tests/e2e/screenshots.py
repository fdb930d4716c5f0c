# SPDX-License-Identifier: Apache-2.0
"""Pictures of the site at SITE_URL for the documentation; it must show the sample `world`."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from .chromium import FLAGS, PATIENCE, find_chromium
from .site_client import Site
from .watched_page import WatchedPage

FOLDER = Path(__file__).parents[2] / "docs" / "images"
LARGEST = 300_000  # bytes
DESKTOP = (1120, 700)
PHONE = (390, 844)
PARENTS = "[data-testid=parents]"


@dataclass(frozen=True)
class Picture:
    """A view of the site: its address, the CSS selector of what must be visible, size (pixels) and mode."""

    name: str
    address: str
    selector: str = ""
    size: tuple[int, int] = DESKTOP
    is_dark: bool = False


PICTURES = (
    Picture("counties", "#/5.2/-122.6/37.4/relation:9000000010006", selector=PARENTS),
    Picture("world", "#/1.2/-8/25", size=(1000, 620)),
    Picture("liechtenstein-dark", "#/10.5/9.45/47.155/relation:48", selector=PARENTS, is_dark=True),
    Picture("dashboard", "#/data_dashboard", selector="[data-testid=data-map][data-ready=true]"),
    Picture("phone", "#/9.4/9.56/47.10/relation:47", selector=PARENTS, size=PHONE),
)


def take(browser: Browser, site: Site, picture: Picture) -> Path:
    """Write a picture; an error in the page or a picture that is too large ends the program."""
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if picture.is_dark else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    context.set_default_timeout(PATIENCE)
    watched = WatchedPage(context.new_page(), site)
    watched.page.goto(f"{site.url}/{picture.address}")
    if picture.selector:
        watched.page.locator(picture.selector).first.wait_for()
    if "dashboard" not in picture.address:
        watched.wait_until_drawn()
        watched.page.wait_for_timeout(1000)  # names are drawn once their font is there
    path = FOLDER / f"{picture.name}.png"
    watched.page.screenshot(path=path)
    context.close()
    watched.check_requests_and_errors()
    size = path.stat().st_size
    if size > LARGEST:
        sys.exit(f"{path} has {size:,} bytes, more than {LARGEST:,}: take a smaller window or a quieter view")
    print(f"{path}: {size:,} bytes")
    return path


def main(names: list[str]) -> None:
    """Write the pictures with these names; none: all."""
    site = Site(os.environ.get("SITE_URL", "http://127.0.0.1:8080").rstrip("/"))
    site.wait_for_release(seconds=20)
    if site.get("/api/v1/zones/osm/relation:9000000010006").status != 200:
        sys.exit(f"{site.url} has no counties of the United States: run make local SAMPLE=world")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for picture in PICTURES:
            if not names or picture.name in names:
                take(browser, site, picture)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
