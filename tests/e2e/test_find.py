# SPDX-License-Identifier: Apache-2.0
"""Finding zones: by name, by a click, in tables, as files; in the language, the colours and the size of a visitor."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from .outages import SiteWithOutages
from .site_client import Site
from .watched_page import WatchedPage

LIECHTENSTEIN = "#/10/9.55/47.15"
IN_VADUZ = (9.5225, 47.1405)
PHONE = {"width": 390, "height": 844}
HOSTILE = "<img src=x onerror=alert(1)>"
LONG = "ab " * 3333

pytestmark = pytest.mark.usefixtures("vaduz")


def search(page: Page, text: str) -> None:
    """Type into the search box, and wait until something was found."""
    page.get_by_role("combobox", name="Search").fill(text)
    expect(page.get_by_role("option").first).to_be_visible()


def save(page: Page, testid: str) -> tuple[str, str]:
    """Click on what saves a file; return its name and content."""
    with page.expect_download() as saving:
        page.get_by_test_id(testid).click()
    return saving.value.suggested_filename, saving.value.path().read_text("utf-8")


@pytest.fixture
def dialogs(page: Page) -> Iterator[list[str]]:
    """Texts of the dialogs that scripts open; none may."""
    opened: list[str] = []

    def dismiss(dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    yield opened
    assert not opened


def test_search_opens_a_zone_with_the_arrow_keys(watched: WatchedPage, artifacts: Path) -> None:
    page = watched.page
    watched.open(LIECHTENSTEIN)
    search(page, "vaduz")
    page.screenshot(path=artifacts / "search.png")
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("option", selected=True)
    expect(chosen).to_contain_text("Vaduz")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    expect(page.get_by_role("combobox", name="Search")).to_have_value("")
    watched.wait_until_drawn()
    x, y = watched.to_screen(*IN_VADUZ)
    assert 0 < x < 1360, "the zone is in view"
    assert 0 < y < 860


def test_coordinates_open_the_smallest_zone_there(watched: WatchedPage) -> None:
    page = watched.page
    watched.open("#/4/0/40")
    search(page, "47.1405, 9.5225")
    expect(page.get_by_role("option").first).to_contain_text("Vaduz")
    expect(page.get_by_role("option").last).to_contain_text("Liechtenstein")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    expect(page.get_by_test_id("here")).to_contain_text("Liechtenstein")
    watched.wait_until_drawn()
    centre = page.evaluate("() => window.cosmogony.map.getCenter().toArray()")
    assert centre == pytest.approx(list(IN_VADUZ), abs=0.001)
    page.goto(f"{watched.site.url}/#/about")
    search(page, "47.1405 9.5225")
    page.get_by_role("option").last.click()
    expect(page.get_by_test_id("zone-name")).to_have_text("Liechtenstein")


def test_search_works_on_every_page(watched: WatchedPage) -> None:
    page = watched.page
    page.goto(f"{watched.site.url}/#/about")
    search(page, "vaduz")
    page.get_by_role("option").first.click()
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    watched.wait_until_drawn()
    assert watched.read_state("zoom") > 8


def test_search_finds_misspelt_names_and_says_when_there_is_none(page: Page, watched: WatchedPage) -> None:
    watched.open(LIECHTENSTEIN)
    search(page, "vadus")
    expect(page.get_by_role("option").filter(has_text="Vaduz").first).to_be_visible()
    page.get_by_role("combobox", name="Search").fill("qqqqqqqqqq")
    expect(page.get_by_text("No zone has this name.")).to_be_visible()
    page.get_by_role("combobox", name="Search").fill("x" * 10_000)
    expect(page.get_by_text("Too long: at most 200 characters are searched.").first).to_be_visible()


def test_search_says_what_is_away_and_recovers(watched_with_outages: WatchedPage, outages: SiteWithOutages) -> None:
    page = watched_with_outages.page
    watched_with_outages.open(LIECHTENSTEIN)
    outages.fail(r"^/api/v1/search", "The database does not answer", Retry_After="1")
    page.get_by_role("combobox", name="Search").fill("vaduz")
    expect(page.get_by_text("The database does not answer").first).to_be_visible()
    outages.recover()
    expect(page.get_by_role("option").filter(has_text="Vaduz").first).to_be_visible()


def test_click_lists_the_zones_of_all_levels(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(LIECHTENSTEIN)
    page.mouse.click(*watched.to_screen(*IN_VADUZ))
    here = page.get_by_test_id("here").get_by_role("button")
    expect(here.first).to_have_text("Liechtenstein")
    expect(page.get_by_test_id("here").locator("[aria-current]")).to_have_text("Vaduz")
    here.first.click()
    expect(page.get_by_test_id("zone-name")).to_have_text("Liechtenstein")
    expect(page.get_by_test_id("here").locator("[aria-current]")).to_have_text("Liechtenstein")


def test_click_where_the_layer_has_no_zone_opens_the_smallest(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(LIECHTENSTEIN)
    page.locator("[data-layer=state_district]").click()
    watched.wait_until_drawn()
    page.mouse.click(*watched.to_screen(*IN_VADUZ))
    expect(page.get_by_test_id("zone-name")).not_to_have_text("Loading…")
    expect(page.get_by_test_id("here")).to_contain_text("Vaduz")


def test_zone_is_open_while_the_api_cannot_list_the_levels(
    watched_with_outages: WatchedPage, outages: SiteWithOutages
) -> None:
    page = watched_with_outages.page
    watched_with_outages.open(LIECHTENSTEIN)
    outages.fail(r"^/api/v1/reverse", "The database does not answer", Retry_After="1")
    page.mouse.click(*watched_with_outages.to_screen(*IN_VADUZ))
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    expect(page.get_by_test_id("panel")).to_contain_text("The database does not answer")
    outages.recover()
    expect(page.get_by_test_id("here")).to_contain_text("Liechtenstein")


def test_panel_says_what_is_away_and_recovers(watched_with_outages: WatchedPage, outages: SiteWithOutages) -> None:
    page = watched_with_outages.page
    watched_with_outages.open(LIECHTENSTEIN)
    outages.fail(r"^/api/(zones|v1)", "The database does not answer", Retry_After="1")
    page.mouse.click(*watched_with_outages.to_screen(*IN_VADUZ))
    expect(page.get_by_test_id("panel").get_by_role("alert")).to_contain_text("The database does not answer")
    outages.recover()
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    expect(page.get_by_test_id("panel").get_by_role("alert")).to_have_count(0)


def test_tiles_come_back_by_themselves(watched_with_outages: WatchedPage, outages: SiteWithOutages) -> None:
    page = watched_with_outages.page
    outages.fail(r"^/tiles/cosmogony/\d+/", "The tile service does not answer")
    page.goto(f"{outages.site.url}/{LIECHTENSTEIN}")
    expect(page.locator(".notice")).to_contain_text("The tile service is not ready")
    expect(page.get_by_role("combobox", name="Search")).to_be_enabled()
    outages.recover()
    expect(page.locator(".notice")).to_have_count(0)
    page.wait_for_function("() => window.cosmogony.map.queryRenderedFeatures({layers: ['hover']}).length > 0")


def test_hovering_shows_the_hierarchy(watched: WatchedPage) -> None:
    watched.open(LIECHTENSTEIN)
    watched.page.mouse.move(*watched.to_screen(*IN_VADUZ))
    tip = watched.page.get_by_test_id("hover")
    expect(tip.locator("strong")).to_have_text("Vaduz")
    expect(tip.get_by_text("Liechtenstein")).to_be_attached()


def test_children_are_a_table_that_sorts_filters_and_is_saved(watched: WatchedPage, artifacts: Path) -> None:
    page = watched.page
    watched.open(f"{LIECHTENSTEIN}/relation:47")
    page.get_by_test_id("table").click()
    table = page.get_by_test_id("children-table")
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(2)
    page.screenshot(path=artifacts / "table.png")
    names = table.locator("tbody td:first-child")
    expect(names).to_have_text(["Wahlkreis Oberland", "Wahlkreis Unterland"])
    table.get_by_role("button", name="Name").click()
    expect(names).to_have_text(["Wahlkreis Unterland", "Wahlkreis Oberland"])
    table.get_by_role("searchbox").fill("ober")
    expect(rows).to_have_count(1)
    name, content = save(page, "csv")
    assert name.endswith(".csv")
    saved = list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))))
    assert [row["name"] for row in saved] == ["Wahlkreis Oberland"]
    table.get_by_role("button", name="Wahlkreis Oberland").click()
    expect(page.get_by_test_id("zone-name")).to_have_text("Wahlkreis Oberland")
    expect(table).to_have_count(0)


def test_boundary_is_saved_as_geojson(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(f"{LIECHTENSTEIN}/relation:48")
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    name, content = save(page, "geojson")
    assert name == "Vaduz-relation-48.geojson"
    feature = json.loads(content)
    assert feature["type"] == "Feature"
    assert feature["geometry"]["type"] in {"Polygon", "MultiPolygon"}
    assert feature["properties"]["osm_id"] == "relation:48"


def test_zones_below_are_saved_as_geojson(watched: WatchedPage) -> None:
    page = watched.page
    watched.open(f"{LIECHTENSTEIN}/relation:47")
    expect(page.get_by_test_id("zone-name")).to_have_text("Liechtenstein")
    name, content = save(page, "subtree")
    assert name.endswith(".geojson")
    names = {feature["properties"]["name"] for feature in json.loads(content)["features"]}
    assert {"Liechtenstein", "Vaduz", "Schaan"} <= names


def test_page_speaks_french_and_keeps_it(watched: WatchedPage, artifacts: Path) -> None:
    page = watched.page
    watched.open(f"{LIECHTENSTEIN}/relation:47")
    page.get_by_role("button", name="Settings").click()
    page.get_by_test_id("language").select_option("fr")
    expect(page.get_by_test_id("zone-type")).to_have_text("Pays")
    expect(page.get_by_role("combobox", name="Rechercher")).to_be_visible()
    assert page.evaluate("() => document.documentElement.lang") == "fr"
    page.screenshot(path=artifacts / "french.png")
    page.reload()
    expect(page.get_by_test_id("zone-type")).to_have_text("Pays")


@pytest.mark.parametrize("name", ["ليختنشتاين", "ליכטנשטיין", "ލިޗެންސްޓެއިން"], ids=["arabic", "hebrew", "thaana"])
def test_names_run_from_right_to_left(watched: WatchedPage, name: str, artifacts: Path) -> None:
    page = watched.page

    def rename(route: Route) -> None:
        route.fulfill(body=route.fetch().text().replace("Лихтенштейн", name), content_type="application/json")

    page.route(re.compile(r"/api/v1/(zones|reverse)"), rename)
    watched.open("#/10/9.55/47.15/relation:47")
    page.get_by_role("button", name="Settings").click()
    page.get_by_test_id("names").select_option("ru")
    heading = page.get_by_test_id("zone-name")
    expect(heading).to_have_text(name)
    assert heading.evaluate("element => element.matches(':dir(rtl)')")
    page.keyboard.press("Escape")
    page.locator("[data-layer=country]").click()
    page.wait_for_function(
        "name => window.cosmogony.map.querySourceFeatures('labels').some(label => label.properties.name === name)",
        arg=name,
    )
    watched.wait_until_drawn()
    page.screenshot(path=artifacts / f"right-to-left-{len(name)}.png")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_follow_the_choice(watched: WatchedPage, theme: str, artifacts: Path) -> None:
    page = watched.page
    page.emulate_media(color_scheme="dark" if theme == "light" else "light")
    watched.open(f"{LIECHTENSTEIN}/relation:48")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("radio", name=theme.capitalize()).check()
    watched.wait_until_drawn()
    sea = page.evaluate("() => window.cosmogony.map.getPaintProperty('sea', 'background-color')")
    surface = page.get_by_test_id("panel").evaluate("element => getComputedStyle(element).backgroundColor")
    assert (sea, surface) == {
        "light": ("#e6eff6", "rgb(255, 255, 255)"),
        "dark": ("#0c1826", "rgb(21, 38, 58)"),
    }[theme]
    page.screenshot(path=artifacts / f"theme-{theme}.png")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_phone_has_a_sheet_that_moves(watched: WatchedPage, theme: str, artifacts: Path) -> None:
    page = watched.page
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=theme)
    watched.open(f"{LIECHTENSTEIN}/relation:48")
    expect(page.get_by_test_id("zone-name")).to_have_text("Vaduz")
    watched.wait_until_drawn()
    page.screenshot(path=artifacts / f"phone-{theme}.png")
    panel, handle = page.get_by_test_id("panel"), page.get_by_test_id("sheet-handle")
    half = panel.bounding_box()["height"]
    handle.click()
    page.wait_for_function("() => document.querySelector('[data-testid=panel]').offsetHeight > 500")
    handle.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(f"() => document.querySelector('[data-testid=panel]').offsetHeight < {half - 50}")
    box = handle.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, 420, steps=5)
    page.mouse.up()
    page.wait_for_function(f"() => Math.abs(document.querySelector('[data-testid=panel]').offsetHeight - {half}) < 3")
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"


def test_zone_across_the_antimeridian_fits_the_view(watched: WatchedPage, site: Site) -> None:
    found = site.get("/api/v1/search?q=Fiji&type=country&limit=1").json()["zones"]
    if not found or found[0]["bbox"][0] < found[0]["bbox"][2]:
        pytest.skip("the data have no zone across the antimeridian")
    watched.open(f"#/zone/{found[0]['osm_id']}")
    expect(watched.page.get_by_test_id("zone-name")).to_have_text(found[0]["name"])
    watched.page.wait_for_function("() => window.cosmogony.map.getZoom() > 4 && !window.cosmogony.map.isMoving()")
    assert abs(abs(watched.page.evaluate("() => window.cosmogony.map.getCenter().wrap().lng")) - 180) < 5


@pytest.mark.parametrize("name", [HOSTILE, LONG], ids=["markup", "long"])
def test_hostile_names_are_harmless(
    watched: WatchedPage, vaduz: dict, name: str, dialogs: list[str], artifacts: Path
) -> None:
    page = watched.page

    def rename(route: Route) -> None:
        text = route.fetch().text()
        document = re.sub(r'"name": ?"[^"]*"', lambda _: f'"name": {json.dumps(name)}', text)
        document = re.sub(r'"label": ?"[^"]*"', lambda _: f'"label": {json.dumps(name)}', document)
        route.fulfill(body=document, content_type="application/json")

    page.route(re.compile(r"/api/(zones|v1/(zones|reverse|search))"), rename)
    watched.open(LIECHTENSTEIN)
    page.get_by_role("button", name="Settings").click()
    page.get_by_test_id("names").select_option("fr")
    page.keyboard.press("Escape")
    page.mouse.move(*watched.to_screen(*IN_VADUZ))
    page.mouse.click(*watched.to_screen(*IN_VADUZ))
    expect(page.get_by_test_id("zone-name")).to_have_text(name.strip())
    expect(page.get_by_test_id("here")).to_be_visible()
    search(page, "vaduz")
    page.screenshot(path=artifacts / f"hostile-{len(name)}.png")
    page.keyboard.press("Escape")
    page.get_by_test_id("parents").get_by_role("button").first.click()
    page.get_by_test_id("table").click()
    file, content = save(page, "csv")
    assert name in content
    assert re.fullmatch(r"[\w-]{1,80}\.csv", file), file
    page.keyboard.press("Escape")
    file, content = save(page, "geojson")
    assert json.loads(content)["properties"]["name"] == name
    assert re.fullmatch(r"[\w-]{1,80}\.geojson", file), file
    watched.wait_until_drawn()
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out"
