# SPDX-License-Identifier: Apache-2.0
"""A real PostgreSQL on a loopback port, for tests."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import time
from pathlib import Path

import psycopg
from minio_server import free_port


def find_programs() -> Path | None:
    """The folder of initdb and postgres: POSTGRES_BIN, Debian's, or where PATH leads."""
    candidates = [Path(os.environ["POSTGRES_BIN"])] if os.environ.get("POSTGRES_BIN") else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    named = shutil.which("initdb")
    candidates += [Path(named).resolve().parent] if named else []
    return next((folder for folder in candidates if (folder / "initdb").exists()), None)


class PostgresServer:
    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(self.port),
            "POSTGRES_DB": "postgres",
            "POSTGRES_USER": "cosmogony",
            "POSTGRES_PASSWORD": self.password,
        }

    def start(self) -> None:
        user = None
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            user = "nobody"
            shutil.chown(self.folder, pwd.getpwnam(user).pw_uid)
        password = self.folder / "password"
        password.write_text(self.password)
        password.chmod(0o644)
        data = self.folder / "data"
        initdb = [
            *(str(self.programs / "initdb"), "-D", str(data), "-U", "cosmogony", "--auth=scram-sha-256", "--no-sync"),
            f"--pwfile={password}",
        ]
        environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        subprocess.run(initdb, user=user, env=environment, cwd="/", check=True, capture_output=True)
        command = [str(self.programs / "postgres"), "-D", str(data), "-p", str(self.port), "-c", "fsync=off"]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(command, user=user, env=environment, cwd="/", stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.1)

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname="postgres",
            user="cosmogony",
            password=self.password,
            autocommit=True,
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
