# SPDX-License-Identifier: Apache-2.0
"""A throw-away PostgreSQL with PostGIS on a loopback port."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from cosmogony_steps.process_stacks import list_descendants
from waiting import wait_for

from . import UnavailableError, debian, free_port

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "dynamic_shared_memory_type=mmap",
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=256MB",
    "work_mem=32MB",
    "maintenance_work_mem=128MB",
    "jit=off",
    "max_connections=60",
    "timezone=UTC",
    "log_timezone=UTC",
    "max_wal_size=2GB",
)
NOT_YET = "pre-existing shared memory block"  # processes of a killed server are still about to end


@dataclass
class Server:
    """Where a server is, and a way to make databases on it."""

    host: str
    port: int
    user: str
    password: str
    maintenance: str = "postgres"
    process: subprocess.Popen | None = None
    folder: Path | None = None
    made: list[str] = field(default_factory=list)
    template: str = ""
    certs: Path | None = None  # folder with public.crt and private.key: then it speaks TLS, too

    def connect(self, database: str, **more) -> psycopg.Connection:
        more.setdefault("autocommit", True)
        return psycopg.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, dbname=database, **more
        )

    def create_database(self, prefix: str = "test") -> str:
        name = f"{prefix}_{secrets.token_hex(4)}"
        if not self.template:
            self.template = f"template_{secrets.token_hex(4)}"
            with self.connect(self.maintenance) as connection:
                connection.execute(f'CREATE DATABASE "{self.template}"')
            with self.connect(self.template) as connection:
                connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
            self.made.append(self.template)
        with self.connect(self.maintenance) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')
        self.made.append(name)
        return name

    def drop_database(self, name: str) -> None:
        with self.connect(self.maintenance) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.made.remove(name)

    def environment(self, database: str) -> dict[str, str]:
        return {
            "POSTGRES_HOST": self.host,
            "POSTGRES_PORT": str(self.port),
            "POSTGRES_DB": database,
            "POSTGRES_USER": self.user,
            "POSTGRES_PASSWORD": self.password,
        }

    def kill(self) -> None:
        """End the server the hard way, as a power cut would; returns when no process of it is left to answer."""
        assert self.process is not None, "only our own server may be killed"
        self.process.send_signal(signal.SIGSTOP)  # it begins no more processes
        workers = list_descendants(self.process.pid)
        self.process.kill()
        self.process.wait()
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        wait_for(lambda: not any(map(_runs, workers)), "the end of all processes of the server", limit=30)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """End the server the hard way, and start it again at the end of the block, also if that fails."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def start(self) -> None:
        """Start, or start again after `kill`; returns when it answers."""
        self._launch()
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connect(self.maintenance, connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                ended, late = self.process.poll() is not None, time.monotonic() > deadline
                log = (self.folder / "log").read_text(errors="replace")[-800:]
                if late or (ended and NOT_YET not in log):
                    raise RuntimeError(f"PostgreSQL did not start: {error}\n{log}") from error
                if ended:
                    self._launch()
                time.sleep(0.1)

    def _launch(self) -> None:
        assert self.folder is not None
        root = debian.debian_root()
        data = "/" + str(self.folder.relative_to(root)) + "/data"
        log = (self.folder / "log").open("ab")
        tls = ()
        if self.certs:
            for name in ("public.crt", "private.key"):
                shutil.copy(self.certs / name, self.folder / name)
                (self.folder / name).chmod(0o600)
                if os.getuid() == 0:
                    os.chown(self.folder / name, *debian.owner(root))
            inner = "/" + str(self.folder.relative_to(root))
            tls = ("ssl=on", f"ssl_cert_file={inner}/public.crt", f"ssl_key_file={inner}/private.key")
        settings = [part for setting in (*SETTINGS, *tls, f"port={self.port}") for part in ("-c", setting)]
        command = debian.inside(root, "/usr/lib/postgresql/17/bin/postgres", "-D", data, *settings)
        self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=ENVIRONMENT)

    def stop(self) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGINT)
                try:
                    self.process.wait(20)
                except subprocess.TimeoutExpired:
                    self.process.send_signal(signal.SIGQUIT)
                    self.process.wait(20)
            debian.remove(self.folder)
            return
        for name in list(self.made):
            self.drop_database(name)


def start_server(certs: Path | None = None) -> Server:
    """The server named by TEST_POSTGRES_*, otherwise a new one; raises `UnavailableError` where none can be had.

    One with certificates is always new, and speaks TLS.
    """
    if os.environ.get("TEST_POSTGRES_HOST") and not certs:
        given = {key: os.environ.get(f"TEST_POSTGRES_{key}", "") for key in ("HOST", "PORT", "USER", "PASSWORD", "DB")}
        return Server(
            given["HOST"], int(given["PORT"] or 5432), given["USER"], given["PASSWORD"], given["DB"] or "postgres"
        )
    root = debian.debian_root()
    base = root / "var/tmp"
    _sweep(base)
    folder = base / f"postgis-{os.getpid()}-{secrets.token_hex(3)}"
    folder.mkdir(mode=0o700)
    password = secrets.token_urlsafe(12) + " @:/%'\\"
    (folder / "password").write_text(password + "\n")
    if os.getuid() == 0:
        for path in (folder, folder / "password"):
            os.chown(path, *debian.owner(root))
    inner = "/" + str(folder.relative_to(root))
    made = subprocess.run(
        debian.inside(
            root,
            "/usr/lib/postgresql/17/bin/initdb",
            "-D",
            inner + "/data",
            "-U",
            "cosmogony",
            "-A",
            "scram-sha-256",
            "--pwfile",
            inner + "/password",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ),
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )
    if made.returncode:
        debian.remove(folder)
        raise UnavailableError(f"initdb failed in {root}: {made.stderr.strip()[-500:]}")
    own = Server("127.0.0.1", free_port(), "cosmogony", password, folder=folder, certs=certs)
    own.start()
    return own


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def _sweep(base: Path) -> None:
    """End and remove what a killed test session left."""
    for folder in base.glob("postgis-*-*"):
        session = int(folder.name.split("-")[1])
        if Path(f"/proc/{session}").exists():
            continue
        pid_file = folder / "data/postmaster.pid"
        if pid_file.exists():
            pid = int(pid_file.read_text().split()[0])
            command = Path(f"/proc/{pid}/cmdline")
            if command.exists() and folder.name.encode() in command.read_bytes():
                os.kill(pid, signal.SIGQUIT)
                wait_for(
                    lambda gone=Path(f"/proc/{pid}"): not gone.exists(), "the server of a killed session ends", limit=10
                )
        debian.remove(folder)
