# SPDX-License-Identifier: Apache-2.0
"""What has room on screens of several sizes, and what may not cover what."""

from __future__ import annotations

from itertools import combinations

import pytest
from playwright.sync_api import FloatRect, Page, expect

from .watched_page import WatchedPage

TABLES = ["data_dashboard", "data_dashboard/coverage", "data_dashboard/left_out", "operations"]

# Words of tables that are broken although their own letters are fewer than 24.
BROKEN_WORDS = """
() => {
  const broken = []
  for (const cell of document.querySelectorAll('td')) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const word of node.data.matchAll(/[\\p{L}\\p{N}]{2,24}/gu)) {
        const range = document.createRange()
        range.setStart(node, word.index)
        range.setEnd(node, word.index + word[0].length)
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)))
        if (lines.size > 1) broken.push(word[0])
      }
    }
  }
  return broken
}
"""
# Frames of tables that hide a part of them without showing it.
UNMARKED_FRAMES = """
() => [...document.querySelectorAll('.scroll-frame')].filter(frame => {
  const { scrollWidth, clientWidth } = frame.querySelector('.scroll')
  return (scrollWidth > clientWidth + 1) !== frame.classList.contains('after')
}).length
"""
LARGE_FONT = "document.addEventListener('DOMContentLoaded', () => { document.documentElement.style.fontSize = '200%' })"
TALLEST_ROW = "() => Math.max(...[...document.querySelectorAll('tbody tr')].map(row => row.offsetHeight))"


def get_box(page: Page, selector: str) -> FloatRect:
    box = page.locator(selector).first.bounding_box()
    assert box is not None, f"{selector} is not shown"
    return box


def find_overlaps(page: Page, *selectors: str) -> list[tuple[str, str]]:
    boxes = {selector: get_box(page, selector) for selector in selectors}
    return [
        (one, other)
        for (one, a), (other, b) in combinations(boxes.items(), 2)
        if a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"]
        and b["y"] < a["y"] + a["height"]
    ]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("address", TABLES)
def test_tables_break_no_words_and_show_that_they_scroll(watched: WatchedPage, address: str, width: int) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{watched.site.url}/#/{address}")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    assert page.evaluate(BROKEN_WORDS) == []
    page.wait_for_function(f"() => ({UNMARKED_FRAMES})() === 0")
    assert page.evaluate(TALLEST_ROW) < 130
    assert page.evaluate("() => document.querySelector('main').scrollWidth") <= width


@pytest.mark.usefixtures("vaduz")
@pytest.mark.parametrize(("width", "height"), [(844, 390), (1280, 300), (1280, 800)])
def test_nothing_on_the_map_covers_another(watched: WatchedPage, width: int, height: int) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    watched.open("#/zone/relation:47")
    expect(page.get_by_test_id("zone-name")).to_have_text("Liechtenstein")
    controls = [f".maplibregl-ctrl-{name}" for name in ("group", "attrib", "scale")]
    assert find_overlaps(page, "[data-testid=panel]", ".layers", *controls) == []


@pytest.mark.usefixtures("vaduz")
@pytest.mark.parametrize(("width", "height", "large"), [(320, 568, False), (390, 844, True), (1280, 800, True)])
def test_the_whole_bar_is_on_the_screen(watched: WatchedPage, width: int, height: int, *, large: bool) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    if large:
        page.add_init_script(LARGE_FONT)
    watched.open("#/10/9.55/47.15")
    for shown in page.locator("header a:visible, header button:visible, header input:visible").all():
        box = shown.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width, shown.inner_text()
    assert get_box(page, "header")["height"] < height * 0.4
    page.get_by_role("button", name="Settings").click()
    settings = get_box(page, "#settings")
    assert settings["x"] >= 0
    assert settings["y"] + settings["height"] <= height
    assert find_overlaps(page, "#settings", "header input") == []


@pytest.mark.usefixtures("vaduz")
def test_attribution_of_several_lines_leaves_the_scale_free(watched: WatchedPage) -> None:
    page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    watched.open("#/10/9.55/47.15")
    page.locator(".maplibregl-ctrl-attrib-inner").evaluate("inner => inner.append(' and many more people'.repeat(9))")
    assert find_overlaps(page, *(f".maplibregl-ctrl-{name}" for name in ("group", "attrib", "scale"))) == []


@pytest.mark.usefixtures("vaduz")
@pytest.mark.parametrize("width", [320, 1280])
def test_copying_a_link_moves_nothing(watched: WatchedPage, width: int) -> None:
    page = watched.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.set_viewport_size({"width": width, "height": 568})
    watched.open("#/zone/relation:47")
    before = get_box(page, "[data-testid=copy]"), get_box(page, ".facts")
    page.get_by_role("button", name="Link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert (get_box(page, "[data-testid=copy]"), get_box(page, ".facts")) == before


def test_tabs_of_the_dashboard_stay_where_they_are(watched: WatchedPage) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1280, "height": 800})
    places = set()
    for address in ("data_dashboard", "operations", "data_dashboard/trend"):
        page.goto(f"{watched.site.url}/#/{address}")
        expect(page.locator(".data-table tbody tr").first).to_be_visible()
        box = get_box(page, "main nav a")
        places.add((box["x"], box["y"]))
    assert len(places) == 1, places
