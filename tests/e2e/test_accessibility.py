# SPDX-License-Identifier: Apache-2.0
"""The site by keyboard alone, and what axe-core says about its pages. docs/explorer.md names the key sequences."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .accessibility import find_serious_problems
from .watched_page import WatchedPage

LIECHTENSTEIN = "#/10/9.55/47.15"
SIZES = {"desktop": (1360, 860), "phone": (390, 844)}

pytestmark = pytest.mark.usefixtures("vaduz")

FOCUSED = """
() => {
  const { activeElement: element } = document
  return [element.getAttribute('aria-label') ?? element.textContent.replace(/\\s+/g, ' ').trim(), element.tagName]
}
"""


def tab_to(page: Page, name: str, *, most: int = 40) -> None:
    """Press Tab until the element whose name begins so has the focus."""
    passed = []
    for _ in range(most):
        page.keyboard.press("Tab")
        label, _tag = page.evaluate(FOCUSED)
        if label.startswith(name):
            return
        passed.append(label[:40])
    raise AssertionError(f"Tab does not reach {name!r}, but {passed}")


def find_and_open(page: Page, name: str) -> None:
    """Key sequence 1."""
    page.keyboard.press("Control+k")
    page.keyboard.type(name)
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("zone-name")).to_have_text(name)


def test_keys_search_and_open(watched: WatchedPage) -> None:
    watched.open(LIECHTENSTEIN)
    find_and_open(watched.page, "Vaduz")
    assert watched.page.evaluate("() => document.activeElement.querySelector('h2')?.textContent") == "Vaduz"


def test_keys_walk_to_parent_and_child(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(LIECHTENSTEIN)
    find_and_open(page, "Vaduz")
    tab_to(page, "Wahlkreis Oberland")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("zone-name")).to_have_text("Wahlkreis Oberland")
    tab_to(page, "Balzers")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("zone-name")).to_have_text("Balzers")


def test_keys_change_the_layer(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(LIECHTENSTEIN)
    tab_to(page, "State")
    page.keyboard.press("Enter")
    expect(page.locator("[data-layer=state]")).to_have_attribute("aria-pressed", "true")


def test_keys_open_the_dashboard(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(LIECHTENSTEIN)
    tab_to(page, "Data dashboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Data dashboard")).to_be_visible()


def test_keys_close_the_panel(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(LIECHTENSTEIN)
    find_and_open(page, "Vaduz")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("panel")).to_have_count(0)
    assert page.evaluate("() => document.activeElement.className").startswith("maplibregl-canvas")


def test_keys_open_the_zone_in_the_middle_of_the_map(watched: WatchedPage) -> None:
    page = watched.page
    watched.open("#/12/9.5225/47.1405")
    page.locator(".maplibregl-canvas").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("here")).to_contain_text("Vaduz")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_serious(watched: WatchedPage, size: str, theme: str) -> None:
    page = watched.page
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme)
    watched.open(LIECHTENSTEIN)
    problems = {"map": find_serious_problems(page)}
    watched.open(f"{LIECHTENSTEIN}/relation:47")
    expect(page.get_by_test_id("zone-name")).to_have_text("Liechtenstein")
    problems["panel"] = find_serious_problems(page)
    page.get_by_test_id("table").click()
    problems["table"] = find_serious_problems(page)
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Search").fill("vad")
    expect(page.get_by_role("option").first).to_be_visible()
    problems["search"] = find_serious_problems(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Settings").click()
    problems["settings"] = find_serious_problems(page)
    page.keyboard.press("Escape")
    for name in ("about", "data_dashboard"):
        page.goto(f"{watched.site.url}/#/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        problems[name] = find_serious_problems(page)
    assert not any(problems.values()), problems
