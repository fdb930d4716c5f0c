# SPDX-License-Identifier: Apache-2.0
"""A throw-away PgBouncer in front of a PostgreSQL, on a loopback port."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from . import debian, free_port, postgis

CONFIGURATION = """\
[databases]
* = host={server.host} port={server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = {size}
query_wait_timeout = 10
{more}
"""


class PgBouncer:
    """One pooler; `mode` is transaction, session or statement."""

    def __init__(self, server: postgis.Server, *, mode: str = "transaction", size: int = 1, **more: str) -> None:
        self.server = server
        self.port = free_port()
        root = debian.debian_root()
        self.folder = root / f"var/tmp/pgbouncer-{os.getpid()}-{secrets.token_hex(3)}"
        self.folder.mkdir(mode=0o700)
        inner = "/" + str(self.folder.relative_to(root))
        lines = "\n".join(f"{name} = {value}" for name, value in more.items())
        text = CONFIGURATION.format(server=server, port=self.port, mode=mode, size=size, folder=inner, more=lines)
        password = server.password.replace('"', '""')
        for name, content in (("pgbouncer.ini", text), ("users", f'"{server.user}" "{password}"\n')):
            (self.folder / name).write_text(content)
        if os.getuid() == 0:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, *debian.owner(root))
        command = debian.inside(root, "/usr/sbin/pgbouncer", f"{inner}/pgbouncer.ini")
        self.log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=postgis.ENVIRONMENT)
        self._wait()

    def connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(**self.parameters(database), autocommit=True)

    def parameters(self, database: str) -> dict[str, str | int]:
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "dbname": database,
            "user": self.server.user,
            "password": self.server.password,
        }

    def environment(self, database: str) -> dict[str, str]:
        return self.server.environment(database) | {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(self.port)}

    def _wait(self) -> None:
        deadline = time.monotonic() + 15
        while True:
            try:
                self.connect(self.server.maintenance).close()
                return
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    log = Path(self.log.name).read_text(errors="replace")[-800:]
                    self.stop()
                    raise RuntimeError(f"PgBouncer did not start: {error}\n{log}") from error
                time.sleep(0.05)

    def stop(self) -> None:
        """End the pooler and remove its files."""
        self.process.send_signal(signal.SIGQUIT)  # SIGTERM waits for its clients
        self.process.wait(10)
        self.log.close()
        debian.remove(self.folder)
