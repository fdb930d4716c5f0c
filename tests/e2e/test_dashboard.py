# SPDX-License-Identifier: Apache-2.0
"""The sections of the dashboard and the page of operations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from .outages import SiteWithOutages
from .site_client import Site
from .watched_page import WatchedPage

PHONE = {"width": 390, "height": 844}
HOSTILE = "<img src=x onerror=alert(1)>"
EARLIER = "20000101t000000-00000000"
MAP_READY = "() => document.querySelector('[data-testid=data-map]')?.dataset.ready === 'true'"
MARKED = "() => window.cosmogony.dataMap.queryRenderedFeatures({layers: ['marked']}).map(feature => feature.id)"
POINTS = "() => window.cosmogony.dataMap.queryRenderedFeatures({layers: ['points']}).map(f => f.properties.key)"
SECTIONS = {"results": "", "coverage": "/coverage", "changes": "/changes", "left_out": "/left_out", "trend": "/trend"}


@pytest.fixture
def release(site: Site) -> str:
    return site.get_release()


def get_part(site: Site, release: str, part: str) -> Any:
    answer = site.get(f"/api/v1/releases/{release}/{part}")
    assert answer.status == 200, answer
    return answer.json()


def open_section(watched: WatchedPage, section: str) -> None:
    watched.page.goto(f"{watched.site.url}/#/data_dashboard{SECTIONS[section]}")


def list_cells(page: Page, table: str, column: str) -> Locator:
    return page.get_by_test_id(table).locator(f"tbody td.{column}")


def test_countries_have_the_colours_of_their_results(watched: WatchedPage, site: Site, release: str) -> None:
    codes = {row["country_code"] for row in site.get("/data/test_results.json").json()}
    countries = {zone["id"] for zone in get_part(site, release, "countries")["zones"] if zone["country_code"] in codes}
    assert countries, "no country has results"
    open_section(watched, "results")
    watched.page.wait_for_function(MAP_READY)
    expect(watched.page.get_by_test_id("data-map")).to_have_attribute("data-marks", str(len(countries)))
    watched.page.wait_for_function(f"() => ({MARKED})().length > 0")
    assert set(watched.page.evaluate(MARKED)) <= countries


def test_a_row_leads_to_its_country_on_the_map(watched: WatchedPage, site: Site, release: str) -> None:
    open_section(watched, "results")
    link = list_cells(watched.page, "dashboard", "name").locator("a").first
    osm_id = (link.get_attribute("href") or "").removeprefix("#/zone/")
    names = {zone["osm_id"]: zone["name"] for zone in get_part(site, release, "countries")["zones"]}
    link.click()
    expect(watched.page.get_by_test_id("zone-name")).to_have_text(names[osm_id])
    watched.wait_until_drawn()


def test_coverage_has_a_layer_for_each_type(watched: WatchedPage, site: Site, release: str) -> None:
    page = watched.page
    rows = [row for row in get_part(site, release, "coverage")["coverage"] if row["zone_type"] != "country"]
    open_section(watched, "coverage")
    layers = page.get_by_role("group", name="Zones of the type").get_by_role("radio")
    expect(layers).to_have_count(len({row["zone_type"] for row in rows}))
    for index in range(layers.count()):
        layer = layers.nth(index)
        layer.check()
        zone_type = layer.get_attribute("value")
        zones = sum(row["zones"] for row in rows if row["zone_type"] == zone_type)
        shown = [int(text.replace(",", "")) for text in list_cells(page, "coverage", "zones").all_inner_texts()]
        assert sum(shown) == zones
        page.wait_for_function(MAP_READY)


def test_arrow_keys_change_the_layer_of_the_coverage(watched: WatchedPage) -> None:
    open_section(watched, "coverage")
    layers = watched.page.get_by_role("group", name="Zones of the type").get_by_role("radio")
    layers.first.check()
    if layers.count() == 1:
        pytest.skip("the release has zones of one type only")
    layers.first.focus()
    watched.page.keyboard.press("ArrowDown")
    expect(layers.nth(1)).to_be_checked()
    expect(layers.nth(1)).to_be_focused()


def test_changes_are_those_since_the_release_before(watched: WatchedPage, site: Site, release: str) -> None:
    page = watched.page
    kept = [one["id"] for one in site.get("/api/v1/releases").json()["releases"]]
    open_section(watched, "changes")
    if len(kept) == 1:
        expect(page.get_by_test_id("no-release-before")).to_be_visible()
        return
    before = page.get_by_role("combobox", name="Compared with release").input_value()
    changes = site.get(f"/api/v1/releases/{before}/changes/{release}?limit=201").json()["changes"]
    if not changes:
        expect(page.get_by_test_id("no-changes")).to_be_visible()
        return
    expect(page.get_by_test_id("changes").locator("tbody tr")).to_have_count(min(len(changes), 200))


@pytest.fixture
def changed(watched: WatchedPage, release: str, vaduz: dict) -> WatchedPage:
    """A page of a site that has an earlier release, in which Vaduz had another name and another zone was there."""
    change = {
        "change": "renamed", "osm_id": vaduz["osm_id"], "zone_type": "city", "name": "Vaduz", "name_before": HOSTILE,
        "parent": None, "parent_before": None, "area": 1, "area_before": 1, "percent": 0, "id": vaduz["id"],
        "bbox": [9.48, 47.07, 9.61, 47.16],
    }  # fmt: skip
    gone = {**change, "change": "removed", "osm_id": "node:1", "name": None, "id": None, "bbox": [9.5, 47.2, 9.5, 47.2]}

    def add_release(route: Route) -> None:
        releases = route.fetch().json()["releases"]
        earlier = {**releases[0], "id": EARLIER, "live": False, "state": "retired"}
        route.fulfill(json={"releases": [*(one for one in releases if one["id"] == release), earlier]})

    watched.page.route(re.compile(r"/api/v1/releases$"), add_release)
    watched.page.route(
        re.compile(r"/changes/"),
        lambda route: route.fulfill(json={"before": EARLIER, "after": release, "changes": [change, gone]}),
    )
    return watched


def test_changes_are_listed_and_shown_on_the_map(changed: WatchedPage, vaduz: dict, artifacts: Path) -> None:
    page = changed.page
    open_section(changed, "changes")
    expect(list_cells(page, "changes", "change")).to_have_text([f"{HOSTILE} → Vaduz", "no longer there"])
    page.wait_for_function(MAP_READY)
    page.wait_for_function(f"() => ({MARKED})().length > 0")
    page.screenshot(path=artifacts / "dashboard-changes.png")
    assert set(page.evaluate(MARKED)) == {vaduz["id"]}
    assert page.evaluate(POINTS) == ["node:1"], "Vaduz is large enough to be seen without a point"
    page.get_by_role("button", name=f"Show {HOSTILE} on the map").click()
    card = page.get_by_test_id("map-card")
    expect(card).to_contain_text("no longer there")
    page.keyboard.press("Tab")
    card.get_by_role("button", name="Close").press("Escape")
    expect(card).to_have_count(0)
    list_cells(page, "changes", "zone").first.get_by_role("link", name="Vaduz").click()
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")


def test_what_was_left_out_has_reasons_and_objects(watched: WatchedPage, site: Site, release: str) -> None:
    page = watched.page
    rows = get_part(site, release, "left_out")["left_out"]
    assert rows, "the sample leaves out nothing"
    open_section(watched, "left_out")
    expect(page.get_by_test_id("left-out").locator("tbody tr")).to_have_count(min(len(rows), 200))
    reasons = page.get_by_test_id("reasons").get_by_role("button")
    expect(reasons).to_have_count(len({row["reason"] for row in rows}))
    total = sum(int(text.replace(",", "")) for text in reasons.locator(".badge").all_inner_texts())
    assert total == sum(row["count"] for row in rows)
    links = list_cells(page, "left-out", "examples").locator("a")
    addresses = links.evaluate_all("links => links.map(link => link.href)")
    assert all(re.fullmatch(r"https://www\.openstreetmap\.org/(node|way|relation)/\d+", one) for one in addresses)
    reasons.last.click()
    expect(page.get_by_test_id("left-out").locator("tbody tr").first).to_be_visible()
    assert len(set(list_cells(page, "left-out", "reason").all_inner_texts())) == 1


def test_trend_has_all_kept_releases(watched: WatchedPage, site: Site) -> None:
    kept = site.get("/api/v1/releases").json()["releases"][:12]
    open_section(watched, "trend")
    rows = watched.page.get_by_test_id("trend").locator("tbody tr")
    expect(rows).to_have_count(len(kept))
    names = [text.split()[0] for text in list_cells(watched.page, "trend", "release").all_inner_texts()]
    assert names == [one["id"] for one in reversed(kept)]
    expect(watched.page.get_by_test_id("line-chart")).to_have_attribute("aria-label", re.compile("^All zones: "))


def test_operations_are_shown_where_the_site_shows_them(
    watched: WatchedPage, site: Site, release: str, artifacts: Path
) -> None:
    page = watched.page
    shown = site.get("/api/v1/site").json()["operations"]
    open_section(watched, "results")
    expect(page.get_by_test_id("dashboard")).to_be_visible()
    link = page.get_by_role("navigation", name="Sections of the dashboard").get_by_role("link", name="Operations")
    expect(link).to_have_count(1 if shown else 0)
    if not shown:
        watched.expected = ("404",)
        page.goto(f"{site.url}/#/operations")
        expect(page.get_by_test_id("operations-hidden")).to_be_visible()
        return
    link.click()
    expect(page.get_by_test_id("live-release")).to_contain_text(release)
    sources = site.get(f"/api/v1/releases/{release}").json()["manifest"]["sources"]
    expect(page.get_by_test_id("sources").locator("tbody tr")).to_have_count(len(sources))
    expect(page.get_by_test_id("run")).to_have_count(len(site.get("/api/v1/runs").json()["runs"]))
    expect(page.get_by_test_id("steps").get_by_role("img").first).to_be_visible()
    page.screenshot(path=artifacts / "operations.png", full_page=True)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("section", SECTIONS)
def test_sections_fit_a_phone(watched: WatchedPage, section: str, mode: str, artifacts: Path) -> None:
    page = watched.page
    page.emulate_media(color_scheme="dark" if mode == "dark" else "light", reduced_motion="reduce")
    for name, size in (("desktop", None), ("phone", PHONE)):
        if size:
            page.goto("about:blank")
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
        open_section(watched, section)
        expect(page.locator("main .spinner")).to_have_count(0)
        if page.get_by_test_id("data-map").count():
            page.wait_for_function(MAP_READY)
        page.screenshot(path=artifacts / f"dashboard-{section}-{name}-{mode}.png")
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"
    assert page.evaluate("() => document.querySelector('main').scrollWidth <= window.innerWidth"), "nothing sticks out"


@pytest.mark.parametrize("section", ["coverage", "left_out", "trend"])
def test_section_recovers_when_the_api_is_back(
    watched_with_outages: WatchedPage, outages: SiteWithOutages, section: str
) -> None:
    page = watched_with_outages.page
    outages.fail(r"^/api/v1/releases", "The database does not answer", Retry_After="2")
    open_section(watched_with_outages, section)
    expect(page.get_by_role("alert")).to_contain_text("The database does not answer")
    outages.recover()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("table").first).to_be_visible()


def test_results_go_on_while_the_tiles_are_away(watched_with_outages: WatchedPage, outages: SiteWithOutages) -> None:
    page = watched_with_outages.page
    outages.fail(r"^/tiles/cosmogony/\d+/", "The tile service does not answer")
    open_section(watched_with_outages, "results")
    expect(page.get_by_test_id("dashboard").locator("tbody tr").first).to_be_visible()
    expect(page.locator(".failing")).to_contain_text("requested again")
    outages.recover()
    expect(page.locator(".failing")).to_have_count(0)
    page.wait_for_function(f"() => ({MARKED})().length > 0")
