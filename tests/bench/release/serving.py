# SPDX-License-Identifier: Apache-2.0
"""The serving side on loopback, every part the real one: PostgreSQL, Martin, the API, nginx, each as in its image."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from checkout import IMAGES
from services import debian, free_port, postgis
from services.programs import find_program


@dataclass
class Stack:
    postgres: postgis.Server
    database: str
    folder: Path
    ports: dict[str, int]
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['nginx']}"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.postgres.environment(self.database)}

    def importer(self, *arguments: str) -> str:
        """Run the importer's command line; its output, or its complaint as an error."""
        done = subprocess.run(
            [sys.executable, str(IMAGES / "importer/import.py"), *arguments],
            text=True,
            capture_output=True,
            check=False,
            env={**self.environment, "PYTHONPATH": str(IMAGES / "importer/src")},
        )
        if done.returncode:
            raise RuntimeError(f"import.py {' '.join(arguments)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def start_tiles(self) -> None:
        self._run(
            "tiles",
            [str(IMAGES / "tiles/entrypoint.sh")],
            {
                "PATH": f"{find_program('martin').parent}:{os.environ['PATH']}",
                "TILES_CONFIG": str(IMAGES / "tiles/martin.yaml"),
                "TILES_LISTEN": f"127.0.0.1:{self.ports['tiles']}",
                "RUST_LOG": "error",
            },
        )
        _until(f"http://127.0.0.1:{self.ports['tiles']}/health", self, "tiles")

    def start_api(self) -> None:
        self._run(
            "api",
            [
                sys.executable,
                "-m",
                "flask",
                "--app",
                "cosmogony_api.app:create_app",
                "run",
                "--port",
                str(self.ports["api"]),
            ],
            {"PYTHONPATH": str(IMAGES / "api/src"), "LOG_LEVEL": "ERROR"},
        )
        _until(f"http://127.0.0.1:{self.ports['api']}/health/live", self, "api")

    def start_nginx(self) -> None:
        inner = "/" + str(self.folder.relative_to(debian.debian_root()))
        settings = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "TEMPLATE_DIR": f"{inner}/nginx",
            "RUN_DIR": f"{inner}/run",
            "CACHE_DIR": f"{inner}/cache",
            "SITE_DIR": f"{inner}/site",
            "ACCESS_LOG": "off",
            "RESOLVER": "127.0.0.1",
            "LISTEN": f"127.0.0.1:{self.ports['nginx']}",
            "API_UPSTREAM": f"127.0.0.1:{self.ports['api']}",
            "TILES_UPSTREAM": f"127.0.0.1:{self.ports['tiles']}",
        }
        self._run(
            "nginx",
            debian.inside(debian.debian_root(), "/bin/sh", f"{inner}/nginx/entrypoint.sh"),
            settings,
            alone=True,
        )
        _until(f"{self.url}/healthz", self, "nginx")

    def _run(self, name: str, command: list[str], settings: dict[str, str], alone: bool = False) -> None:
        log = (self.folder / f"{name}.log").open("ab")
        environment = settings if alone else {**self.environment, **settings}
        self.processes[name] = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )

    def end(self, name: str) -> None:
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop(self) -> None:
        for name in list(self.processes):
            self.end(name)
        self.postgres.stop()
        debian.remove(self.folder)


def _until(url: str, stack: Stack, name: str, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError as error:
            if stack.processes[name].poll() is not None or time.monotonic() > deadline:
                log = (stack.folder / f"{name}.log").read_text(errors="replace")[-1500:]
                raise RuntimeError(f"{name} did not start: {error}\n{log}") from error
            time.sleep(0.1)


@contextmanager
def serving() -> Iterator[Stack]:
    """Start everything, and end it whatever happens."""
    server = postgis.start_server()
    root = debian.debian_root()
    folder = root / f"var/tmp/serving-{os.getpid()}"
    stack = Stack(server, server.create_database(), folder, {n: free_port() for n in ("nginx", "tiles", "api")})
    try:
        folder.mkdir()
        shutil.copytree(IMAGES / "web/nginx", folder / "nginx")
        for name in ("run", "cache", "site"):
            (folder / name).mkdir()
        (folder / "site/index.html").write_text("<!doctype html><title>trial</title>")
        if os.getuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, *debian.owner(root))
        stack.importer("init")
        stack.start_tiles()
        stack.start_api()
        stack.start_nginx()
        yield stack
    finally:
        stack.stop()
