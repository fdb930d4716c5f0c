# SPDX-License-Identifier: Apache-2.0
"""The other pages, and what the page shows when a service is away."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from .outages import SiteWithOutages
from .site_client import Site
from .watched_page import WatchedPage


def test_dashboard_lists_every_result(watched: WatchedPage, site: Site, artifacts: Path) -> None:
    results = site.get("/data/test_results.json").json()
    page = watched.page
    page.goto(f"{site.url}/#/data_dashboard")
    rows = page.get_by_test_id("dashboard").locator("tbody tr")
    expect(rows).to_have_count(len(results))
    page.screenshot(path=artifacts / "dashboard.png")
    first = results[0]
    total = "-" if first["total"] == -1 else str(int(first["total"]))
    expected = f"{total} expected: {int(first['expected_min'])} ~ {int(first['expected_max'])}"
    expect(rows.first.locator("td").nth(0)).to_have_text(first["name"])
    expect(rows.first.locator("td").nth(2)).to_have_text(expected)
    classes = rows.evaluate_all("rows => rows.map(row => row.className)")
    wrong = [row["claimed"] and row["test_status"] != "ok" for row in results]
    assert classes == ["ko_column" if is_wrong else "ok_column" for is_wrong in wrong]


def test_dashboard_groups_right_wrong_and_not_claimed(page: Page, site: Site, artifacts: Path) -> None:
    results = site.get("/data/test_results.json").json()
    judged = [row["test_status"] == "ok" for row in results if row["claimed"]]
    groups = {"Right": sum(judged), "Wrong": len(judged) - sum(judged), "Not claimed": len(results) - len(judged)}
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}/#/data_dashboard")
    for name, count in groups.items():
        page.get_by_role("button", name=f"{name} {count}", exact=True).click()
        expect(page.get_by_test_id("dashboard").locator("tbody tr")).to_have_count(count)
    page.screenshot(path=artifacts / "dashboard-phone.png")
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"


def test_dashboard_filters_and_sorts(page: Page, site: Site) -> None:
    results = site.get("/data/test_results.json").json()
    name = results[len(results) // 2]["name"]
    page.goto(f"{site.url}/#/data_dashboard")
    rows = page.get_by_test_id("dashboard").locator("tbody tr")
    expect(rows).to_have_count(len(results))
    page.get_by_role("searchbox", name="Filter rows").fill(name)
    expect(rows.first).to_contain_text(name)
    assert rows.count() < len(results)
    page.get_by_role("searchbox", name="Filter rows").fill("")
    page.get_by_role("button", name="Name", exact=True).click()
    names = page.get_by_test_id("dashboard").locator("tbody td:first-child").all_inner_texts()
    assert names == page.evaluate("names => [...names].sort((a, b) => a.localeCompare(b))", names)
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")


def test_about_names_the_release_and_the_licence(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/#/about")
    expect(page.get_by_role("heading", name="About Cosmogony")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(site.get_release())
    expect(page.get_by_role("link", name="Open Database License")).to_be_visible()


def test_pages_follow_the_address(watched: WatchedPage) -> None:
    page = watched.page
    watched.open("#/10/9.55/47.15")
    page.get_by_role("link", name="Data dashboard").click()
    expect(page.get_by_role("heading", name="Data dashboard")).to_be_visible()
    expect(page.get_by_test_id("map")).to_be_hidden()
    page.get_by_role("link", name="Explorer").click()
    expect(page.get_by_test_id("map")).to_be_visible()
    assert re.search(r"#/10(\.00)?/9\.55/47\.15$", page.url), page.url


def test_retries_a_service_that_is_not_ready(watched_with_outages: WatchedPage, outages: SiteWithOutages) -> None:
    page = watched_with_outages.page
    outages.fail(r"^/tiles/cosmogony\.json", "The database does not answer", Retry_After="300")
    page.goto(f"{outages.site.url}/#/10/9.55/47.15")
    expect(page.get_by_role("alert")).to_contain_text("The service is not ready")
    expect(page.get_by_role("alert")).to_contain_text("The database does not answer")
    outages.recover()
    page.get_by_role("button", name="Try again").click()
    watched_with_outages.wait_until_drawn()


def test_waits_for_the_first_release(watched_with_outages: WatchedPage, outages: SiteWithOutages) -> None:
    page = watched_with_outages.page
    outages.fail(r"^/tiles/cosmogony\.json", "No release has been published yet", Retry_After="1")
    page.goto(f"{outages.site.url}/#/10/9.55/47.15")
    expect(page.get_by_role("alert")).to_contain_text("No data has been published yet")
    outages.recover()
    watched_with_outages.wait_until_drawn()


def test_failed_tiles_can_be_requested_again(watched_with_outages: WatchedPage, outages: SiteWithOutages) -> None:
    page = watched_with_outages.page
    outages.fail(r"^/tiles/cosmogony/\d+/", "The tile service does not answer")
    page.goto(f"{outages.site.url}/#/10/9.55/47.15")
    expect(page.locator(".notice")).to_contain_text("The tile service is not ready")
    # Each request has failed: one that is still on its way would fail after the second attempt.
    page.wait_for_function("() => window.cosmogony.map.areTilesLoaded()")
    with page.expect_request(re.compile(r"\.pbf")):
        page.locator(".notice").get_by_role("button", name="Try again").click()
    outages.recover()
    page.wait_for_function("() => window.cosmogony.map.queryRenderedFeatures({layers: ['hover']}).length > 0")
    expect(page.locator(".notice")).to_have_count(0)


def test_newer_release_is_offered(watched: WatchedPage, site: Site) -> None:
    page = watched.page
    live = site.get_release()
    earlier = "20000101t000000-00000000"

    def older(route: Route) -> None:
        document = json.loads(route.fetch().text().replace(live, earlier))
        route.fulfill(json={**document, "attribution": "Somebody else"})

    def as_live(route: Route) -> None:
        route.continue_(url=route.request.url.replace(earlier, live))

    page.route(re.compile(r"/tiles/cosmogony\.json$"), older)
    page.route(re.compile(rf"v={earlier}"), as_live)
    watched.open("#/10/9.55/47.15")
    assert watched.read_state("release.id") == earlier
    named = page.locator(".maplibregl-ctrl-attrib-inner")
    expect(named).to_have_text("Somebody else")
    page.unroute_all()
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    page.locator(".notice").get_by_role("button", name="Show it").click()
    watched.wait_until_drawn()
    assert watched.read_state("release.id") == live
    assert live in watched.read_text("release")
    expect(named).not_to_contain_text("Somebody else")
    expect(named).not_to_be_empty()
    assert any(f"v={live}" in url for url in watched.requests)
