# SPDX-License-Identifier: Apache-2.0
"""Packages are fetched from a registry, by npm where it is installed, and checked."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from atlas_osm import package
from atlas_osm.errors import AtlasError
from atlas_osm.package import NpmPackage


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


CONTENT = archive({"package.json": b'{"name": "small-atlas", "version": "1.2.3"}', "world.json": b"{}"})
INTEGRITY = "sha512-" + base64.b64encode(hashlib.sha512(CONTENT).digest()).decode()
SMALL = NpmPackage("small-atlas", "1.2.3", INTEGRITY)


class Registry(http.server.ThreadingHTTPServer):
    """Answers as a registry of npm does; the first answers can be failures."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str] = []
        self.failures: list[int] = []
        self.authorization: str | None = None
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answers(http.server.BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.authorization = self.headers["Authorization"]
        if self.server.failures:
            self.send_error(self.server.failures.pop(0))
        elif self.path == "/small-atlas/-/small-atlas-1.2.3.tgz":
            self.reply(CONTENT)
        elif self.path == "/small-atlas":
            version = {
                "name": "small-atlas",
                "version": "1.2.3",
                "dist": {"tarball": f"{self.server.url}/small-atlas/-/small-atlas-1.2.3.tgz", "integrity": INTEGRITY},
            }
            document = {"name": "small-atlas", "dist-tags": {"latest": "1.2.3"}, "versions": {"1.2.3": version}}
            self.reply(json.dumps(document).encode())
        else:
            self.send_error(404)

    def reply(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def registry() -> Iterator[Registry]:
    server = Registry()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def without_npm(monkeypatch):
    monkeypatch.setattr(package.shutil, "which", lambda name: None)
    monkeypatch.setattr(package.time, "sleep", lambda seconds: None)


def test_without_npm_the_archive_comes_from_the_registry(registry, tmp_path, without_npm):
    got = package.fetch_package(SMALL, tmp_path / "cache", registry.url + "/")
    assert got == tmp_path / "cache" / "small-atlas-1.2.3.tgz"
    assert package.read_package_file(got, "world.json") == b"{}"
    assert registry.asked == ["/small-atlas/-/small-atlas-1.2.3.tgz"]


def test_without_npm_its_variable_names_the_registry(registry, tmp_path, without_npm, monkeypatch):
    monkeypatch.setenv("npm_config_registry", registry.url)
    assert package.fetch_package(SMALL, tmp_path).read_bytes() == CONTENT


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_npm_fetches_where_it_is_installed(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    assert package.fetch_package(SMALL, tmp_path / "given", registry.url).read_bytes() == CONTENT
    assert "/small-atlas" in registry.asked
    registry.asked.clear()
    monkeypatch.setenv("npm_config_registry", registry.url)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "another"))
    assert package.fetch_package(SMALL, tmp_path / "configured").read_bytes() == CONTENT
    assert "/small-atlas" in registry.asked


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
def test_what_npm_says_is_told(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(
        AtlasError, match=r"no-atlas@1\.0\.0 cannot be fetched from http://127.*E404.*samples_npm_registry"
    ):
        package.fetch_package(NpmPackage("no-atlas", "1.0.0", INTEGRITY), tmp_path / "cache", registry.url)


def test_what_is_in_the_cache_is_not_fetched_again(registry, tmp_path, without_npm):
    package.fetch_package(SMALL, tmp_path, registry.url)
    assert package.fetch_package(SMALL, tmp_path, "http://127.0.0.1:9").read_bytes() == CONTENT


def test_what_is_damaged_in_the_cache_is_fetched_again(registry, tmp_path, without_npm):
    (tmp_path / SMALL.archive_name).write_bytes(CONTENT[:-1])
    assert package.fetch_package(SMALL, tmp_path, registry.url).read_bytes() == CONTENT


def test_a_registry_that_recovers_is_asked_again(registry, tmp_path, without_npm):
    registry.failures = [503, 500]
    assert package.fetch_package(SMALL, tmp_path, registry.url).read_bytes() == CONTENT


def test_another_file_is_refused_and_not_kept(registry, tmp_path, without_npm):
    other = NpmPackage("small-atlas", "1.2.3", "sha512-" + base64.b64encode(bytes(64)).decode())
    with pytest.raises(AtlasError, match=r"is not the expected file.*nothing was taken"):
        package.fetch_package(other, tmp_path, registry.url)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_is_asked_for_once(registry, tmp_path, without_npm):
    with pytest.raises(AtlasError, match=r"404.*Check network, proxy and CA"):
        package.fetch_package(NpmPackage("no-atlas", "1.0.0", INTEGRITY), tmp_path, registry.url)
    assert len(registry.asked) == 1


def test_a_password_in_an_address_is_sent_and_not_told(registry, tmp_path, without_npm):
    address = registry.url.replace("//", "//user:hid%2Fden@")
    assert package.fetch_package(SMALL, tmp_path, address).read_bytes() == CONTENT
    assert registry.authorization == "Basic " + base64.b64encode(b"user:hid/den").decode()
    with pytest.raises(AtlasError, match="404") as refused:
        package.fetch_package(NpmPackage("no-atlas", "1.0.0", INTEGRITY), tmp_path, address)
    assert "hid" not in str(refused.value)


def test_an_archive_without_the_file_is_named(tmp_path):
    path = Path(tmp_path / "small-atlas-1.2.3.tgz")
    path.write_bytes(CONTENT)
    with pytest.raises(AtlasError, match=r"small-atlas-1\.2\.3\.tgz has no file moon\.json"):
        package.read_package_file(path, "moon.json")
