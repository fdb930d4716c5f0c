# SPDX-License-Identifier: Apache-2.0
"""Martin as its image runs it, over releases that are switched: every tile is of the release that its URL names."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from checkout import IMAGES
from importer_support.helpers import Importer, Zones, features
from services import free_port, skip_unless_available
from services.programs import find_program
from waiting import wait_for

TILES = IMAGES / "tiles"
NAMES = re.compile(rb"(?:Land|City \d+) ([a-z])")


@dataclass
class Server:
    port: int
    process: subprocess.Popen[bytes]

    def get(self, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.read(), {k.lower(): v for k, v in response.headers.items()}
        except urllib.error.HTTPError as error:
            return error.code, error.read(), {k.lower(): v for k, v in error.headers.items()}


def start(importer: Importer, folder: Path, **settings: str) -> Server:
    martin = skip_unless_available(find_program, "martin")
    port = free_port()
    environment = {
        **os.environ,
        **importer.server.environment(importer.database),
        "PATH": f"{martin.parent}:{os.environ['PATH']}",
        "TILES_CONFIG": str(TILES / "martin.yaml"),
        "TILES_LISTEN": f"127.0.0.1:{port}",
        "RUST_LOG": "warn",
        **settings,
    }
    log = (folder / "martin.log").open("ab")
    process = subprocess.Popen([str(TILES / "entrypoint.sh")], env=environment, stdout=log, stderr=log)
    return Server(port, process)


@pytest.fixture
def server(importer: Importer, tmp_path: Path) -> Iterator[Server]:
    importer.run("init")
    running = start(importer, tmp_path)
    wait_for(lambda: running.get("/health")[0] == 200, f"Martin answers, see {tmp_path}/martin.log", limit=20)
    yield running
    running.process.terminate()
    running.process.wait(10)


def test_the_tile_as_the_function_makes_it(importer: Importer, zones: Zones, server: Server) -> None:
    assert server.get("/cosmogony/3/4/3")[:2] == (204, b"")  # nothing is published
    release = importer.load(zones.grid(mark=" a"))
    importer.run("publish")
    status, body, headers = server.get("/cosmogony/5/16/15")
    assert (status, headers["content-type"]) == (200, "application/x-protobuf")
    assert "etag" in headers
    assert len(features(body)) == 17
    assert server.get(f"/cosmogony/5/16/15?v={release}")[:2] == (200, body)
    assert server.get("/cosmogony/5/16/15", **{"Accept-Encoding": "gzip"})[2]["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/cosmogony/20/0/0", 204),
        ("/cosmogony/3/8/0", 204),
        ("/cosmogony/3/0/8", 204),
        ("/cosmogony/0/7/7", 204),
        ("/cosmogony/3/2147483647/2147483647", 204),
        ("/cosmogony/21/0/0", 404),
        ("/cosmogony/300/0/0", 404),
        ("/cosmogony/3/4294967296/0", 404),
        ("/cosmogony/3/-1/0", 404),
        ("/cosmogony/a/b/c", 404),
        ("/zones/0/0/0", 404),
        ("/cosmogony/5/16/15?v=nope", 204),
        ("/cosmogony/5/16/15?v=%27%3B--", 204),
        ("/cosmogony/5/16/15?v=null", 204),
        ("/cosmogony/5/16/15?v=%7B%22a%22%3A1%7D", 204),
    ],
)
def test_no_input_is_an_error(importer: Importer, zones: Zones, server: Server, path: str, status: int) -> None:
    importer.load(zones.grid())
    importer.run("publish")
    assert server.get(path)[0] == status


def test_only_the_function_is_published(server: Server) -> None:
    status, body, _ = server.get("/catalog")
    assert status == 200
    assert re.findall(rb'"cosmogony"', body)
    assert b"cosmogony_release" not in body


def test_the_password_is_in_no_argument(importer: Importer, server: Server) -> None:
    arguments = Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    assert arguments.startswith(b"martin\0")
    assert importer.server.password.encode() not in arguments
    assert b"postgresql:" not in arguments


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("POSTGRES_PASSWORD", "", "POSTGRES_PASSWORD is not set"),
        ("POSTGRES_PORT", "5432/x", "not a number"),
        ("POSTGRES_SSLMODE", "perhaps", "not one of disable"),
    ],
)
def test_wrong_settings_are_named(importer: Importer, tmp_path: Path, name: str, value: str, said: str) -> None:
    process = start(importer, tmp_path, **{name: value}).process
    assert process.wait(10) == 1
    assert said in (tmp_path / "martin.log").read_text()


def test_every_tile_is_of_the_release_in_its_url(importer: Importer, zones: Zones, server: Server) -> None:
    """Ten releases switched and rolled back while clients read: no error, no mix, and no v is one release."""
    releases = {}
    for number in range(10):
        mark = "abcdefghij"[number]
        releases[importer.load(zones.grid(f"{mark}.jsonl.gz", size=3, mark=f" {mark}"))] = mark
        if number % 2:
            importer.run("tiles", "--release", list(releases)[-1], "--max-zoom", 6)
    order = list(releases)
    importer.run("publish", "--release", order[0], "--override", "test")
    wrong: list[str] = []
    reads = [0]
    stop = threading.Event()

    def read(seed: int) -> None:
        turn = seed
        while not stop.is_set():
            turn += 1
            release = order[turn % len(order)]
            for query, wanted in ((f"?v={release}", {releases[release]}), ("", None)):
                status, body, _ = server.get(
                    f"/cosmogony/{5 + turn % 3}/{16 << turn % 3}/{(16 << turn % 3) - 1}{query}"
                )
                found = {mark.decode() for mark in NAMES.findall(body)}
                reads[0] += 1
                if status != 200 or len(found) != 1 or (wanted and found != wanted):
                    wrong.append(f"{query}: {status} {found}")

    clients = [threading.Thread(target=read, args=(seed,)) for seed in range(3)]
    for client in clients:
        client.start()
    for release in order[1:]:
        importer.run("publish", "--release", release, "--override", "test")
    for _ in range(4):
        importer.run("rollback")
    stop.set()
    for client in clients:
        client.join(30)
    assert wrong == []
    assert reads[0] > 100
    assert importer.live() == order[5]


def test_a_database_that_comes_back(importer: Importer, zones: Zones, server: Server) -> None:
    if importer.server.folder is None:
        pytest.skip("the server of TEST_POSTGRES_* is not ours to kill")
    importer.load(zones.grid())
    importer.run("publish")
    assert server.get("/cosmogony/5/16/15")[0] == 200
    with importer.server.killed():
        assert server.get("/cosmogony/5/16/15")[0] == 500
        assert server.get("/health")[0] == 200
    assert server.get("/cosmogony/5/16/15")[0] == 200
