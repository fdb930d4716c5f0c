# SPDX-License-Identifier: Apache-2.0
"""nginx as its image runs it, in front of the real API: the site below a path, and requests of other origins."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import IMAGES
from importer_support.helpers import Importer, Zones
from nginx import Get, Start, ask, until
from services import debian, free_port


@pytest.fixture
def pages(web: tuple[list[str], dict[str, str]]) -> None:
    """Give nginx a page and the error pages of the image."""
    site = debian.debian_root() / web[1]["SITE_DIR"].lstrip("/")
    for page in (IMAGES / "web/public").iterdir():
        (site / page.name).write_bytes(page.read_bytes())
    (site / "index.html").write_text("the page")


@pytest.fixture
def proxy(web: tuple[list[str], dict[str, str]], tmp_path: Path) -> Iterator[Get]:
    """Start a second nginx that serves the site below /maps/ and takes the path off, as ingress controllers do."""
    settings = web[1]
    port = free_port()
    root = debian.debian_root()
    folder = settings["TEMPLATE_DIR"]
    configuration = root / folder.lstrip("/") / "proxy.conf"
    configuration.write_text(
        f"""
        pid {folder}/proxy.pid; error_log stderr;
        events {{}}
        http {{ access_log off; client_body_temp_path {folder}/proxy-body; proxy_temp_path {folder}/proxy-answers;
          fastcgi_temp_path {folder}/proxy-none; uwsgi_temp_path {folder}/proxy-none;
          scgi_temp_path {folder}/proxy-none;
          server {{
          listen 127.0.0.1:{port};
          location /maps/ {{
            proxy_pass http://{settings["LISTEN"]}/;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Prefix /maps;
          }}
        }} }}
        """
    )
    log = tmp_path / "proxy.log"
    with log.open("ab") as stream:
        process = subprocess.Popen(
            debian.inside(root, "/usr/sbin/nginx", "-e", "stderr", "-c", f"{folder}/proxy.conf", "-g", "daemon off;"),
            stderr=stream,
        )
    try:
        until(ask(port), "/", process, log)
        yield ask(port)
    finally:
        process.terminate()
        process.wait(20)


def tile_url(answer: tuple[int, bytes, dict[str, str]]) -> str:
    assert answer[0] == 200
    url: str = json.loads(answer[1])["tiles"][0]
    return url.partition("/cosmogony/{z}")[0].partition("127.0.0.1:")[2].partition("/")[2]


@pytest.mark.usefixtures("pages")
def test_serves_below_a_path_that_a_proxy_takes_off(importer: Importer, zones: Zones, start: Start, proxy: Get) -> None:
    with start():
        importer.load(zones.grid())
        importer.run("publish")
        assert proxy("/maps/")[:2] == (200, b"the page")
        assert tile_url(proxy("/maps/tiles/cosmogony.json")) == "maps/tiles"
        assert proxy("/maps/api/release")[0] == 200
        status, body, _ = proxy("/maps/nothing/here")
        assert (status, b'href="/maps/"' in body, b'href="/maps/error.css"' in body) == (404, True, True)


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize("path", ["/maps", "/maps/", "/a/b"])
def test_serves_below_a_path_that_nobody_takes_off(importer: Importer, zones: Zones, start: Start, path: str) -> None:
    bare = path.rstrip("/")
    with start(BASE_PATH=path) as get:
        importer.load(zones.grid())
        importer.run("publish")
        for prefix in (bare, ""):
            assert get(f"{prefix}/")[:2] == (200, b"the page")
            assert get(f"{prefix}/api/release")[0] == 200
            assert tile_url(get(f"{prefix}/tiles/cosmogony.json")) == f"{bare[1:]}/tiles"
        assert f'href="{bare}/"'.encode() in get("/nothing")[1]
        assert get(bare)[:2] == (200, b"the page"), "redirected to the path with a slash"
        other = {"X-Forwarded-Prefix": "/other"}
        assert tile_url(get("/tiles/cosmogony.json", **other)) == "other/tiles", "the proxy knows better"


@pytest.mark.parametrize("path", ["maps", "/ma ps", "/a//b", "/a|b", "/.x", "/../x", '/a"b'])
def test_refuses_a_base_path_that_is_none(web: tuple[list[str], dict[str, str]], path: str) -> None:
    command, settings = web
    done = subprocess.run(
        [*command, "-t"], env=settings | {"BASE_PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"BASE_PATH is '{path}'" in done.stderr
    assert "such as /maps" in done.stderr


@pytest.mark.parametrize(
    "path",
    [
        "/api/release",
        "/api/v1/zones/osm/relation:1155955",
        "/data/test_results.json",
        "/tiles/cosmogony.json",
        "/tiles/cosmogony/0/0/0.pbf",
        "/maps/api/release",
    ],
)
def test_answers_the_preflight_request_of_another_origin(start: Start, path: str) -> None:
    with start(BASE_PATH="/maps") as get:
        status, body, headers = get(
            path,
            "OPTIONS",
            **{"Origin": "https://other.example", "Access-Control-Request-Headers": "if-none-match,x-requested-with"},
        )
        assert (status, body) == (204, b"")
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
        allowed = headers["Access-Control-Allow-Headers"].lower().split(", ")
        assert {"if-none-match", "x-requested-with"} <= set(allowed)
        assert headers["Access-Control-Max-Age"] == "86400"
        _, _, headers = get(path)
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Max-Age" not in headers


def test_the_page_itself_is_for_its_own_origin(start: Start) -> None:
    with start() as get:
        status, _, headers = get("/", "OPTIONS", Origin="https://other.example")
        assert status != 204
        assert "Access-Control-Allow-Origin" not in headers
