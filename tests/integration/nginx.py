# SPDX-License-Identifier: Apache-2.0
"""nginx as its image runs it, in front of the real API and of any tile server."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

import pytest
from checkout import IMAGES
from importer_support.helpers import Importer
from services import debian, free_port, skip_unless_available

Get = Callable[..., tuple[int, bytes, dict[str, str]]]
Start = Callable[..., AbstractContextManager[Get]]


def ask(port: int) -> Get:
    def get(path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, dict[str, str]]:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers)

    return get


def until(get: Get, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            if get(path)[0] < 500:
                return
        except OSError:
            pass
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    """The command that starts nginx as the image does, and its settings."""
    root = skip_unless_available(debian.debian_root)
    if os.getuid() != 0:
        pytest.skip("nginx is started in a chroot, for which the tests must run as root")
    folder = root / f"var/tmp/web-{os.getpid()}-{tmp_path.name}"
    shutil.copytree(IMAGES / "web/nginx", folder / "nginx")
    (folder / "site").mkdir()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, *debian.owner(root))
    inner = f"/{folder.relative_to(root)}"
    settings = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "TEMPLATE_DIR": f"{inner}/nginx",
        "RUN_DIR": f"{inner}/run",
        "CACHE_DIR": f"{inner}/cache",
        "SITE_DIR": f"{inner}/site",
        "ACCESS_LOG": "off",
        "RESOLVER": "127.0.0.1",
        "LISTEN": f"127.0.0.1:{free_port()}",
    }
    yield debian.inside(root, "/bin/sh", f"{inner}/nginx/entrypoint.sh"), settings
    debian.remove(folder)


@pytest.fixture
def start(importer: Importer, web: tuple[list[str], dict[str, str]], tmp_path: Path) -> Start:
    """Start the API, and nginx with some settings."""
    return partial(_start, importer, web, tmp_path)


@contextmanager
def _start(importer: Importer, web: tuple[list[str], dict[str, str]], tmp_path: Path, **settings: str) -> Iterator[Get]:
    command, before = web
    api, nginx, log = free_port(), int(before["LISTEN"].partition(":")[2]), tmp_path / "log"
    settings = before | {"API_UPSTREAM": f"127.0.0.1:{api}"} | settings
    flask = [sys.executable, "-m", "flask", "--app", "cosmogony_api.app:create_app", "run", f"--port={api}"]
    importer.run("init")
    with log.open("ab") as stream:
        processes = [
            subprocess.Popen(
                flask,
                env={
                    **os.environ,
                    **importer.server.environment(importer.database),
                    "PYTHONPATH": str(IMAGES / "api/src"),
                },
                stdout=stream,
                stderr=stream,
            ),
            subprocess.Popen(command, env=settings, stdout=stream, stderr=stream),
        ]
    try:
        until(ask(api), "/health/live", processes[0], log)
        until(ask(nginx), "/healthz", processes[1], log)
        yield ask(nginx)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)
