# SPDX-License-Identifier: Apache-2.0
"""The explorer in a real browser."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .site_client import Site
from .watched_page import WatchedPage

LIECHTENSTEIN = "#/10/9.55/47.15"
# A point of the largest part of Vaduz.
IN_VADUZ = (9.5225, 47.1405)
CITIES = 11
HIGHLIGHTED = "() => window.cosmogony.map.queryRenderedFeatures({layers: ['hover']}).some(f => f.state.hover)"


@pytest.mark.usefixtures("vaduz")
def test_address_with_a_view_draws_the_cities(watched: WatchedPage, artifacts: Path) -> None:
    watched.open(LIECHTENSTEIN)
    cities = watched.list_drawn("city")
    watched.page.screenshot(path=artifacts / "explorer.png")
    assert len(cities) >= CITIES
    assert {"Vaduz", "Schaan", "Balzers", "Ruggell"} <= set(cities.values())


def test_map_shows_attribution_and_release(watched: WatchedPage, site: Site) -> None:
    watched.open(LIECHTENSTEIN)
    attribution = site.get_tilejson()["attribution"]
    shown = watched.page.locator(".maplibregl-ctrl-attrib-inner")
    expect(shown).to_have_text(html.unescape(re.sub("<[^>]+>", "", attribution)))
    links = shown.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert links == [html.unescape(url) for url in re.findall('href="([^"]+)"', attribution)]
    assert site.get_release() in watched.read_text("release")


@pytest.mark.parametrize(
    ("attribution", "text", "urls"),
    [
        ("", "© OpenStreetMap contributors (ODbL)", ["https://www.openstreetmap.org/copyright"]),
        (
            '<a href="https://a.example/">A &lt;b&gt;</a>, <img src="/x" onerror="alert(1)">'
            '<a href="javascript:alert(1)">B</a>',
            "A <b>, B",
            ["https://a.example/"],
        ),
    ],
)
def test_shows_the_attribution_of_the_tilejson(
    watched: WatchedPage, attribution: str, text: str, urls: list[str]
) -> None:
    page = watched.page
    if "onerror" in attribution:  # the browser reports handlers that it does not run, even while it only parses
        watched.expected = ("Executing inline event handler",)
    page.route(
        re.compile(r"/tiles/cosmogony\.json$"),
        lambda route: route.fulfill(json={**route.fetch().json(), "attribution": attribution}),
    )
    watched.open(LIECHTENSTEIN)
    expect(page.locator(".maplibregl-ctrl-attrib-inner")).to_have_text(text)
    links = page.locator(".maplibregl-ctrl-attrib-inner a")
    assert links.evaluate_all("links => links.map(link => link.getAttribute('href'))") == urls
    page.get_by_role("link", name="About").click()
    expect(page.get_by_role("main")).to_contain_text(f"The zones of this site: {text}.")


@pytest.mark.usefixtures("vaduz")
def test_click_opens_the_panel(watched: WatchedPage, artifacts: Path) -> None:
    page = watched.page
    watched.open(LIECHTENSTEIN)
    page.mouse.click(*watched.to_screen(*IN_VADUZ))
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    expect(page.get_by_test_id("zone-type")).to_have_text("City")
    parents = page.get_by_test_id("parents").locator("li")
    expect(parents).to_have_text([re.compile("Wahlkreis Oberland.*State"), re.compile("Liechtenstein.*Country")])
    osm = page.get_by_test_id("osm")
    expect(osm).to_have_text("relation:48")
    expect(osm).to_have_attribute("href", "https://www.openstreetmap.org/relation/48")
    watched.wait_until_drawn()
    page.screenshot(path=artifacts / "panel.png")
    assert list(watched.list_drawn("city").values()) == ["Vaduz"], "only the chosen zone is filled"
    assert page.locator("[data-layer][aria-pressed=true]").count() == 0


@pytest.mark.usefixtures("vaduz")
def test_back_and_forward_follow_the_chosen_zone(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(LIECHTENSTEIN)
    page.mouse.click(*watched.to_screen(*IN_VADUZ))
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    assert page.url.endswith("#/10.00/9.55/47.15/relation:48")
    page.get_by_test_id("parents").get_by_role("button", name="Liechtenstein").click()
    expect(page.get_by_test_id("zone-name")).to_have_text("Liechtenstein")
    page.go_back()
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    page.go_back()
    expect(page.get_by_test_id("panel")).to_have_count(0)
    page.go_forward()
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")


def test_address_with_a_zone_opens_it(watched: WatchedPage, vaduz: dict) -> None:
    watched.open(f"{LIECHTENSTEIN}/{vaduz['id']}")
    expect(watched.page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    watched.page.goto("about:blank")
    watched.open(f"{LIECHTENSTEIN}/relation:48")
    expect(watched.page.get_by_test_id("zone-name")).to_have_text("Vaduz")


def test_unknown_zone_shows_error(watched: WatchedPage) -> None:
    watched.expected = ("404",)
    watched.open(f"{LIECHTENSTEIN}/987654321")
    expect(watched.page.get_by_test_id("panel").get_by_role("alert")).to_contain_text("not in the release")


@pytest.mark.usefixtures("vaduz")
def test_children_open_generation_by_generation(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(f"{LIECHTENSTEIN}/relation:47")
    children = page.get_by_test_id("children")
    expect(children.get_by_role("button", name="Vaduz City")).to_have_count(0)
    children.get_by_role("button", name="Children of Wahlkreis Oberland").click()
    child = children.get_by_role("button", name="Vaduz City").first
    child.hover()
    page.wait_for_function(
        "() => window.cosmogony.map.queryRenderedFeatures({layers: ['hover']}).some(f => f.state.hover)"
    )
    child.click()
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")


@pytest.mark.usefixtures("vaduz")
def test_zoom_button_frames_the_zone(watched: WatchedPage) -> None:
    watched.open("#/7/9.55/47.15/relation:48")
    expect(watched.page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    watched.page.get_by_test_id("zoom").click()
    watched.page.wait_for_function("() => window.cosmogony.map.getZoom() > 10 && !window.cosmogony.map.isMoving()")
    assert re.search(r"#/1\d\.\d\d/9\.\d\d/47\.\d\d/relation:48$", watched.page.url), watched.page.url


@pytest.mark.usefixtures("vaduz")
def test_hovering_names_the_zone(watched: WatchedPage) -> None:
    watched.open(LIECHTENSTEIN)
    watched.page.mouse.move(*watched.to_screen(*IN_VADUZ))
    expect(watched.page.get_by_test_id("hover")).to_have_text(re.compile("Vaduz"))
    assert watched.page.evaluate("() => window.cosmogony.map.getCanvas().style.cursor") == "pointer"
    watched.page.mouse.move(300, 20)  # the bar
    expect(watched.page.get_by_test_id("hover")).to_have_count(0)


@pytest.mark.usefixtures("vaduz")
def test_layer_button_changes_what_is_drawn_and_closes_the_panel(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(f"{LIECHTENSTEIN}/relation:48")
    expect(page.get_by_test_id("panel")).to_be_visible()
    page.locator("[data-layer=state]").click()
    expect(page.get_by_test_id("panel")).to_have_count(0)
    expect(page.locator("[data-layer=state]")).to_have_attribute("aria-pressed", "true")
    watched.wait_until_drawn()
    assert set(watched.list_drawn("state").values()) == {"Wahlkreis Oberland", "Wahlkreis Unterland"}
    assert not watched.list_drawn("city")


def test_without_an_address_it_opens_on_the_release(watched: WatchedPage, site: Site) -> None:
    asked = "() => window.asked = (window.asked ?? 0) + 1"
    watched.page.add_init_script(
        f"for (const name of ['getCurrentPosition', 'watchPosition']) navigator.geolocation[name] = {asked}"
    )
    watched.open()
    west, south, east, north = site.get_tilejson()["bounds"]
    lng, lat = watched.page.evaluate("() => window.cosmogony.map.getCenter().toArray()")
    assert west <= lng <= east
    assert south <= lat <= north
    counts = site.get("/api/release").json()["manifest"]["counts"]["by_type"]
    order = ["country", "country_region", "state", "state_district", "city", "city_district", "suburb"]
    expected = next(name for name in order if counts.get(name, 0) > 1)
    assert watched.read_state("layer") == expected
    assert len(watched.list_drawn(expected)) > 1
    assert watched.page.evaluate("() => window.asked") is None, "the visitor's position was asked for"


@pytest.mark.usefixtures("vaduz")
def test_keyboard_alone_reaches_a_zone(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(LIECHTENSTEIN)
    page.get_by_test_id("visible-toggle").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("vad")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("panel")).to_have_count(0)


@pytest.mark.usefixtures("vaduz")
def test_panel_of_a_small_screen_leaves_the_zone_in_sight(watched: WatchedPage, artifacts: Path) -> None:
    page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    watched.open("#/9/9.55/47.15")
    page.mouse.click(*watched.to_screen(*IN_VADUZ))
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    page.wait_for_function("() => !window.cosmogony.map.isMoving()")
    watched.wait_until_drawn()
    page.screenshot(path=artifacts / "small.png")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    x, y = watched.to_screen(*IN_VADUZ)
    panel = page.get_by_test_id("panel").bounding_box()
    assert panel is not None
    assert y < panel["y"], "the zone lies behind the panel"
    assert 0 < x < 390


@pytest.mark.usefixtures("vaduz")
def test_map_without_zones_of_the_chosen_type_says_so(watched: WatchedPage) -> None:
    page = watched.page
    notice = page.get_by_test_id("no-zones")
    watched.open("#/3/9.55/47.15")
    page.locator("[data-layer=city]").click()
    expect(notice).to_have_text("Zoom in to see zones of the type City.")
    page.evaluate("() => window.cosmogony.map.jumpTo({zoom: 10})")
    expect(notice).to_have_count(0)
    page.evaluate("() => window.cosmogony.map.jumpTo({center: [0, 0]})")
    expect(notice).to_have_text("No zones of the type City here.")
