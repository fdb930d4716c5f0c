# SPDX-License-Identifier: Apache-2.0
"""Nominatim over an extract, with its own PostgreSQL. It is not part of this project; see docs/performance.md."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import side
from services import free_port, postgis
from services.programs import find_program

USER = DATABASE = "nominatim"
IMPORT_SECONDS = 1800
REVERSE = "/reverse?lat={lat}&lon={lon}&format=jsonv2"


@contextmanager
def start_nominatim(extract: Path, style: str, processes: int, folder: Path) -> Iterator[side.Side]:
    """Import an extract and serve it.

    Args:
        extract: file of OpenStreetMap.
        style: what is imported: admin (borders and places), full, extratags, …
        processes: of the service.
        folder: for its files.

    Raises:
        UnavailableError: the program `nominatim` is not there.
    """
    program = find_program("nominatim")
    server = postgis.start_server()
    try:
        environment = prepare_database(server) | {"NOMINATIM_IMPORT_STYLE": style}
        log = (folder / "nominatim.log").open("w")
        used, begun = side.measure_load(server), time.monotonic()
        create_database(server)
        arguments = ["import", "--osm-file", str(extract), "--continue", "import-from-file", "--offline"]
        done = subprocess.run(
            [program, *arguments, "-j", str(os.cpu_count()), "--project-dir", str(folder)],
            env=environment, cwd=folder, stdout=log, stderr=log, timeout=IMPORT_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"nominatim import: {(folder / 'nominatim.log').read_text()[-2000:]}")
        loaded, used = time.monotonic() - begun, side.measure_load(server) - used
        port = free_port()
        service = subprocess.Popen(
            [program.with_name("uvicorn"), "--factory", "nominatim_api.server.falcon.server:run_wsgi",
             "--workers", str(processes), "--port", str(port), "--no-access-log"],
            env=environment, cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            side.wait_for_answer(url + REVERSE.format(lat=0, lon=0))
            answered = time.monotonic() - begun
            yield side.Side(
                name="Nominatim",
                url=url,
                roots=(service.pid, server.process.pid),
                load_seconds=loaded,
                load_processor=used,
                answer_seconds=answered,
                disk=side.measure_disk(server, DATABASE),
                reverse=REVERSE,
                search="/search?q={text}&format=jsonv2&limit=10",
                read_first=read_first,
            )
        finally:
            service.terminate()
            service.wait(30)
            log.close()
    finally:
        server.stop()


def prepare_database(server: postgis.Server) -> dict[str, str]:
    """Make a user with a password that its settings can hold; return the environment that names the database."""
    password = secrets.token_hex(12)
    with server.connect(server.maintenance) as connection:
        connection.execute(f"CREATE ROLE {USER} SUPERUSER LOGIN PASSWORD '{password}'")
    address = {"host": server.host, "port": server.port, "dbname": DATABASE, "user": USER, "password": password}
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "NOMINATIM_DATABASE_DSN": "pgsql:" + ";".join(f"{name}={value}" for name, value in address.items()),
        "NOMINATIM_DATABASE_WEBUSER": USER,
    }


def create_database(server: postgis.Server) -> None:
    with server.connect(server.maintenance) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE} OWNER {USER}")
    with server.connect(DATABASE) as connection:
        for extension in ("hstore", "postgis", "postgis_raster"):
            connection.execute(f"CREATE EXTENSION {extension}")


def read_first(body: bytes) -> dict[str, Any] | None:
    first = next(iter(json.loads(body)), None)
    return first and {"osm_id": f"{first['osm_type']}:{first['osm_id']}", "name": first["name"]}
