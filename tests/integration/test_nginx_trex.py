# SPDX-License-Identifier: Apache-2.0
"""nginx as its image runs it, in front of t-rex: the live release only, and nothing kept for long.

nginx and the API are the real ones. One test server answers from t-rex's cache as t-rex does, another one answers
Martin's addresses.
"""

from __future__ import annotations

import gzip
import http.server
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import IMAGES
from cosmogony_importer.tiles import trex
from importer_support.helpers import Importer, Zones
from importer_support.trex import published
from nginx import Get, Start, serving
from services import free_port
from waiting import wait_for


class TileServer(http.server.BaseHTTPRequestHandler):
    """Tiles of one folder, with t-rex's headers; GET only, as t-rex 0.9 is."""

    protocol_version = "HTTP/1.1"
    root: Path
    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Accept-Encoding"]))
        path = self.root / self.path.lstrip("/")
        if not path.is_file():
            self.send_response(204)
            self.end_headers()
            return
        body = path.read_bytes()
        self.send_response(200)
        headers = {
            "Content-Type": "application/x-protobuf",
            "Cache-Control": "max-age=300",
            "Content-Encoding": "gzip",
            "Content-Length": str(len(body)),
            "Access-Control-Allow-Origin": "*",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


class Martin(http.server.BaseHTTPRequestHandler):
    """The same tile everywhere; an address with a suffix is redirected, as Martin does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        redirected = ".pbf" in self.path
        self.send_response(301 if redirected else 200)
        if redirected:
            self.send_header("Location", self.path.replace(".pbf", ""))
        body = b"" if redirected else gzip.compress(b"Martin's")
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def tile_server(cache: trex.TrexCache) -> Iterator[type[TileServer]]:
    handler = type("Here", (TileServer,), {"root": cache.root, "asked": []})
    with serving(handler) as handler.port:
        yield handler


@pytest.fixture
def martin() -> Iterator[int]:
    with serving(Martin) as port:
        yield port


@pytest.fixture
def site(start: Start, tile_server: type[TileServer]) -> Iterator[Get]:
    """nginx before the API and t-rex."""
    with start(TILES_ENGINE="trex", TILES_UPSTREAM=f"127.0.0.1:{tile_server.port}") as get:
        yield get


def test_only_the_live_release_is_served(
    importer: Importer, zones: Zones, site: Get, tile_server: type[TileServer]
) -> None:
    first = published(importer, zones, "a", "3/4/3")
    path = "/tiles/cosmogony/3/4/3.pbf"
    status, body, headers = site(f"{path}?v={first}", **{"Accept-Encoding": "gzip, br"})
    assert (status, gzip.decompress(body).decode()) == (200, first)
    assert (headers["Cache-Control"], headers["Content-Encoding"]) == ("max-age=300", "gzip")
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert tile_server.asked == [("/cosmogony/3/4/3.pbf", "gzip")], "asked once, without the query"
    assert site(path)[1].decode() == first, "unpacked for who does not take gzip"

    second = published(importer, zones, "b", "3/4/3")
    wait_for(lambda: site(f"{path}?v={second}")[1].decode() == second, "nginx asks the API again", limit=10)
    wait_for(lambda: site(f"{path}?v={first}")[0] == 404, "nginx forgets that the first one was live", limit=10)
    for version in (first, "20200101t000000-ffffffff", "nonsense!"):
        status, _, headers = site(f"{path}?v={version}")
        assert (status, headers["Cache-Control"]) == (404, "no-store"), version
    status, body, headers = site(path)
    assert (status, body.decode(), headers["Cache-Control"]) == (200, second, "max-age=300")


def test_what_trex_does_not_know(importer: Importer, zones: Zones, site: Get, tile_server: type[TileServer]) -> None:
    release = published(importer, zones, "a", "3/4/3")
    path = f"/tiles/cosmogony/3/4/3.pbf?v={release}"
    status, body, headers = site(path, method="HEAD")
    assert (status, body, headers["Content-Type"]) == (200, b"", "application/x-protobuf")
    tile_server.asked.clear()
    for address in ("21/0/0", "30/0/0", "99/1/1"):
        for query in ("", f"?v={release}"):
            status, _, headers = site(f"/tiles/cosmogony/{address}.pbf{query}")
            assert (status, headers["Cache-Control"]) == (404, "no-store")
    assert tile_server.asked == []


def test_an_empty_answer_is_not_kept(
    importer: Importer, zones: Zones, site: Get, tile_server: type[TileServer]
) -> None:
    """t-rex gives one for every tile while its database is away."""
    release = published(importer, zones, "a", "3/4/3")
    for path in (f"/tiles/cosmogony/5/0/0.pbf?v={release}", "/tiles/cosmogony/5/0/0.pbf"):
        tile_server.asked.clear()
        for _ in range(2):
            status, body, headers = site(path)
            assert (status, body, headers["Cache-Control"]) == (204, b"", "no-store")
        assert len(tile_server.asked) == 2, "nor by nginx"


YEAR = "public, max-age=31536000, immutable"


def test_pods_of_both_tile_servers_are_found(
    importer: Importer,
    zones: Zones,
    start: Start,
    tile_server: type[TileServer],
    martin: int,
    web: tuple[list[str], dict[str, str]],
) -> None:
    """While one takes the place of the other there are pods of both, and nginx that wants the one or the other."""
    release = published(importer, zones, "a", "3/4/3")
    path = "/tiles/cosmogony/3/4/3.pbf"
    trex, away = tile_server.port, free_port()
    for number, (engine, first, second, wanted, kept) in enumerate(
        (
            ("martin", martin, trex, b"Martin's", YEAR),
            ("martin", away, trex, release.encode(), "max-age=300"),
            ("trex", trex, martin, release.encode(), "max-age=300"),
            ("trex", away, martin, b"Martin's", YEAR),
            ("trex", martin, martin, b"Martin's", YEAR),  # the port of t-rex led to a pod of Martin
        )
    ):
        settings = {
            "TILES_ENGINE": engine,
            "TILES_UPSTREAM": f"127.0.0.1:{first}",
            "TILES_FALLBACK_UPSTREAM": f"127.0.0.1:{second}",
            "CACHE_DIR": f"{web[1]['CACHE_DIR']}-{number}",
        }
        with start(**settings) as get:
            for method, body in (("GET", wanted), ("HEAD", b"")):
                status, answer, headers = get(f"{path}?v={release}", method=method)
                assert (status, answer, headers["Cache-Control"]) == (200, body, kept), (engine, first, second)
            status, answer, headers = get(path)
            assert (status, answer, headers["Cache-Control"]) == (200, wanted, "max-age=300")


@pytest.mark.parametrize("fallback", [True, False])
@pytest.mark.usefixtures("cache")
def test_without_any_pod_it_says_so(importer: Importer, zones: Zones, start: Start, fallback: bool) -> None:
    release = published(importer, zones, "a", "3/4/3")
    settings = {"TILES_FALLBACK_UPSTREAM": f"127.0.0.1:{free_port()}"} if fallback else {}
    with start(TILES_ENGINE="trex", TILES_UPSTREAM=f"127.0.0.1:{free_port()}", **settings) as get:
        for query in ("", f"?v={release}"):
            status, body, headers = get(f"/tiles/cosmogony/3/4/3.pbf{query}")
            assert (status, headers["Cache-Control"]) == (503, "no-store")
            assert b"The tile service does not answer" in body


@pytest.mark.parametrize("engine", ["", "martin", "trex"])
@pytest.mark.parametrize("fallback", ["", "cosmogony-tiles:6767"])
def test_nginx_takes_the_configuration(web: tuple[list[str], dict[str, str]], engine: str, fallback: str) -> None:
    command, settings = web
    more = {"TILES_ENGINE": engine, "TILES_FALLBACK_UPSTREAM": fallback}
    done = subprocess.run([*command, "-t"], env=settings | more, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_engine_is_refused() -> None:
    done = subprocess.run(
        ["/bin/sh", str(IMAGES / "web/nginx/entrypoint.sh")],
        env={"PATH": os.environ["PATH"], "TILES_ENGINE": "trx"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "TILES_ENGINE is 'trx', wanted martin or trex" in done.stderr
