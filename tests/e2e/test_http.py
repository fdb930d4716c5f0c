# SPDX-License-Identifier: Apache-2.0
"""What nginx, the API and the tile server answer together."""

from __future__ import annotations

import math
import os

import mapbox_vector_tile
import pytest

from .site_client import Site

YEAR = "public, max-age=31536000, immutable"
UNKNOWN = "20000101t000000-00000000"


def tile_at(lng: float, lat: float, zoom: int) -> str:
    """Path of the tile that covers a place."""
    n = 2**zoom
    x = int((lng + 180) / 360 * n)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    return f"/tiles/cosmogony/{zoom}/{x}/{y}.pbf"


@pytest.fixture(scope="module")
def tile(site: Site) -> str:
    """Path of a tile that holds zones: from the tile of the world downwards, the one of four with most bytes."""
    x = y = 0
    for zoom in range(1, 10):
        below = [(2 * x + right, 2 * y + down) for right in (0, 1) for down in (0, 1)]
        x, y = max(below, key=lambda at: len(site.get(f"/tiles/cosmogony/{zoom}/{at[0]}/{at[1]}.pbf").body))
    return f"/tiles/cosmogony/{zoom}/{x}/{y}.pbf"


def test_vaduz_is_in_its_tile(site: Site, vaduz: dict) -> None:
    path = tile_at(9.5225, 47.1405, 9)
    assert path == "/tiles/cosmogony/9/269/179.pbf"
    answer = site.get(f"{path}?v={site.get_release()}")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/x-protobuf"
    layers = mapbox_vector_tile.decode(answer.content)
    assert list(layers) == ["vector-zones"]
    features = {feature["id"]: feature["properties"] for feature in layers["vector-zones"]["features"]}
    assert features[vaduz["id"]] == {"name": "Vaduz", "admin_level": 8, "zone_type": "city"}
    assert {"Vaduz", "Liechtenstein", "Wahlkreis Oberland"} <= {zone["name"] for zone in features.values()}


@pytest.fixture(scope="session")
def trex() -> bool:
    """Whether the tile server is t-rex, which knows the live release only, gzip and no ETags."""
    return os.environ.get("TILES_ENGINE", "martin") == "trex"


def test_tile_of_a_release_is_cached(site: Site, tile: str, trex: bool) -> None:
    """For a year; t-rex may answer the same address otherwise after a switch."""
    path = f"{tile}?v={site.get_release()}"
    first, second = site.get(path), site.get(path)
    assert first.status == second.status == 200
    assert first.cache_control == second.cache_control == ("max-age=300" if trex else YEAR)
    assert first.content == second.content
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert trex or site.get(path, If_None_Match=first.headers["ETag"]).status == 304


def test_tile_comes_in_the_encoding_asked_for(site: Site, tile: str, trex: bool) -> None:
    path = f"{tile}?v={site.get_release()}"
    plain, packed, brotli = (site.get(path, Accept_Encoding=name) for name in ("identity", "gzip", "br, gzip"))
    assert plain.headers.get("Content-Encoding") is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert brotli.headers["Content-Encoding"] == ("gzip" if trex else "br")
    assert packed.content == plain.body
    assert len(packed.body) < len(plain.body)
    for answer in (plain, packed, brotli):
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_tile_of_the_live_release_is_cached_shortly(site: Site, tile: str) -> None:
    answer = site.get(tile)
    assert answer.status == 200
    assert answer.cache_control == "max-age=300"
    assert answer.content == site.get(f"{tile}?v={site.get_release()}").content


@pytest.mark.parametrize("release", [UNKNOWN, "nonsense", "../../x", "%27", "a" * 200])
def test_tile_of_an_unknown_release_is_not_found_and_not_cached(site: Site, tile: str, release: str) -> None:
    answer = site.get(f"{tile}?v={release}")
    assert answer.status == 404
    assert answer.cache_control == "no-store"
    assert "message" in answer.json()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_empty_tile_is_not_cached_for_long(site: Site, trex: bool) -> None:
    answer = site.get(f"{tile_at(-140, -40, 12)}?v={site.get_release()}")
    assert answer.status == 204
    assert answer.body == b""
    assert answer.cache_control == ("no-store" if trex else "max-age=300")


@pytest.mark.parametrize("name", ["99/0/0", "-1/0/0", "a/b/c", "1/2", "09/1/1", "3/1.5/1", "21/0/0"])
def test_bad_tile_address_is_not_found(site: Site, name: str) -> None:
    answer = site.get(f"/tiles/cosmogony/{name}.pbf")
    assert answer.status == 404
    assert answer.cache_control == "no-store"


@pytest.mark.parametrize("name", ["3/8/0", "3/0/8", "0/1/0"])
def test_tile_beyond_the_grid_is_empty(site: Site, name: str, trex: bool) -> None:
    """t-rex takes a row below the grid for the southern one, which may hold zones."""
    assert site.get(f"/tiles/cosmogony/{name}.pbf").status in ({200, 204} if trex else {204})


def test_tiles_reject_other_methods(site: Site, tile: str) -> None:
    assert site.get(tile, method="POST").status == 405
    assert site.get(tile, method="HEAD").status == 200


def test_internal_paths_are_not_found(site: Site) -> None:
    for path in ("/_tiles/live/9/269/179", "/_release", "/health/live", "/releases"):
        assert site.get(path).status == 404, path


def test_tilejson_names_this_site(site: Site) -> None:
    document = site.get_tilejson()
    assert document["tiles"] == [f"{site.url}/tiles/cosmogony/{{z}}/{{x}}/{{y}}.pbf?v={document['release']}"]
    assert [layer["id"] for layer in document["vector_layers"]] == ["vector-zones"]
    forwarded = site.get("/tiles/cosmogony.json", X_Forwarded_Proto="https", X_Forwarded_Host="zones.example")
    assert forwarded.json()["tiles"][0].startswith("https://zones.example/tiles/")


def test_api_answers_below_its_prefix_with_cors_headers(site: Site, vaduz: dict) -> None:
    answer = site.get(f"/api/zones/{vaduz['id']}/parents", Origin="https://elsewhere.example")
    assert [zone["name"] for zone in answer.json()["parents"]] == ["Wahlkreis Oberland", "Liechtenstein"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Cosmogony-Release"] == site.get_release()
    missing = site.get("/api/zones/987654321")
    assert (missing.status, missing.json()) == (404, {"message": "Not found"})
    assert missing.headers["Access-Control-Allow-Origin"] == "*"


def test_statistics_have_their_fields(site: Site) -> None:
    rows = site.get("/data/test_results.json").json()
    assert rows
    assert {"name", "zone_type", "total", "expected_min", "expected_max", "test_status"} <= set(rows[0])


def test_page_may_load_only_its_own_files(site: Site) -> None:
    answer = site.get("/")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["worker-src"] == policy["style-src"] == "'self'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "geolocation=()" in answer.headers["Permissions-Policy"]
    assert answer.cache_control == "no-cache"
    assert "nginx/" not in answer.headers["Server"]


def test_files_of_the_site_are_compressed_and_cached(site: Site) -> None:
    page = site.get("/").body.decode()
    script = "/" + page.partition('src="./')[2].partition('"')[0]
    answer = site.get(script, Accept_Encoding="br")
    assert answer.status == 200
    assert answer.cache_control == YEAR
    assert answer.headers["Content-Encoding"] == "br"
    assert site.get(script, Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip"
    hidden = ["/nothing", "/index.html/x", "/src/main.ts", "/package.json", "/Dockerfile", "/.git/config"]
    for path in [*hidden, "/assets/none.js"]:
        missing = site.get(path)
        assert missing.status == 404, path
        assert missing.cache_control == "no-store"


def test_nginx_is_healthy(site: Site) -> None:
    assert (site.get("/healthz").status, site.get("/healthz").body) == (200, b"ok\n")
