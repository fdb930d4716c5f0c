# SPDX-License-Identifier: Apache-2.0
"""Answers five questions of a newcomer on the site at SITE_URL, as a visitor would, and counts the clicks."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect, sync_playwright

from .chromium import FLAGS, PATIENCE, find_chromium
from .site_client import Site
from .watched_page import WatchedPage

# A place in Liechtenstein, which both samples contain.
PLACE = (9.5225, 47.1405)
COUNTRY = "Liechtenstein"
CITY = "Vaduz"
DIVIDED_CITY = "Planken"  # has districts in the samples


@dataclass
class Visitor:
    """Somebody who uses the page, and whose actions are counted."""

    watched: WatchedPage
    clicks: int = 0
    texts: list[str] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.watched.page

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def click_map(self, lng: float, lat: float) -> None:
        self.clicks += 1
        self.page.mouse.click(*self.watched.to_screen(lng, lat))

    def search(self, name: str) -> None:
        """Type a name into the search box and open the first zone that was found."""
        self.click(self.page.get_by_role("combobox", name="Search"))
        self.texts.append(name)
        self.page.keyboard.type(name)
        self.click(self.page.get_by_role("option").first)
        expect(self.page.get_by_test_id("zone-name")).to_have_text(name)

    def read(self, target: Locator) -> str:
        expect(target).to_be_visible()
        return " ".join(target.inner_text().split())


def find_municipality(visitor: Visitor) -> str:
    visitor.watched.open(f"#/10/{PLACE[0]}/{PLACE[1]}")
    visitor.click_map(*PLACE)
    here = visitor.read(visitor.page.get_by_test_id("here"))
    return f"{visitor.read(visitor.page.get_by_test_id('zone-name'))}, of {here}"


def list_districts(visitor: Visitor) -> str:
    visitor.watched.open()
    visitor.search(DIVIDED_CITY)
    rows = visitor.page.get_by_test_id("children").locator("li")
    expect(rows.first).to_be_visible()
    return ", ".join(" ".join(text.split()) for text in rows.all_inner_texts())


def read_last_changes(visitor: Visitor) -> str:
    visitor.watched.open()
    page = visitor.page
    visitor.click(page.get_by_role("link", name="Data dashboard"))
    visitor.click(page.get_by_role("link", name="Changes"))
    answers = "[data-testid=changes], [data-testid=no-changes], [data-testid=no-release-before]"
    return visitor.read(page.locator(answers).first)[:300]


def check_country(visitor: Visitor) -> str:
    visitor.watched.open()
    visitor.click(visitor.page.get_by_role("link", name="Data dashboard"))
    visitor.click(visitor.page.get_by_role("searchbox", name="Filter rows"))
    visitor.texts.append(COUNTRY)
    visitor.page.keyboard.type(COUNTRY)
    rows = visitor.page.get_by_test_id("dashboard").locator("tbody tr")
    expect(rows.first).to_contain_text(COUNTRY)
    return "; ".join(" ".join(text.split()) for text in rows.all_inner_texts())


def save_boundary(visitor: Visitor) -> str:
    visitor.watched.open()
    visitor.search(CITY)
    with visitor.page.expect_download() as saving:
        visitor.click(visitor.page.get_by_test_id("geojson"))
    feature = json.loads(saving.value.path().read_text("utf-8"))
    return f"{saving.value.suggested_filename}: {feature['geometry']['type']} of {feature['properties']['name']}"


QUESTIONS: dict[str, Callable[[Visitor], str]] = {
    "In which municipality lies this point?": find_municipality,
    f"What are the districts of {DIVIDED_CITY}?": list_districts,
    "What did the last update change?": read_last_changes,
    f"Is the data of {COUNTRY} complete?": check_country,
    f"How do I get the boundary of {CITY} as a file?": save_boundary,
}


def main() -> None:
    """Print each question with its answer, clicks, typed texts and seconds; a question without an answer ends it."""
    site = Site(os.environ.get("SITE_URL", "http://127.0.0.1:8080").rstrip("/"))
    site.wait_for_release(seconds=20)
    unanswered = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for question, answer in QUESTIONS.items():
            context = browser.new_context(viewport={"width": 1360, "height": 860}, locale="en-GB")
            context.set_default_timeout(PATIENCE)
            expect.set_options(timeout=PATIENCE)
            visitor = Visitor(WatchedPage(context.new_page(), site))
            started = time.monotonic()
            try:
                text = answer(visitor)
            except Exception as error:
                text = f"no answer: {str(error).splitlines()[0]}"
                unanswered += 1
            seconds = time.monotonic() - started
            typed = f", typed {', '.join(visitor.texts)}" if visitor.texts else ""
            print(f"{question}\n  {text}\n  {visitor.clicks} clicks{typed}, {seconds:.1f} s")
            context.close()
        browser.close()
    if unanswered:
        sys.exit(f"{unanswered} of {len(QUESTIONS)} questions have no answer")


if __name__ == "__main__":
    main()
