# SPDX-License-Identifier: Apache-2.0
"""A Debian trixie root with PostgreSQL 17, PostGIS 3.5, PgBouncer and nginx, made once and kept in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

from . import CACHE, UnavailableError

MIRROR = os.environ.get("TEST_DEBIAN_MIRROR", "http://deb.debian.org/debian")
PACKAGES = (
    "ca-certificates",
    "postgresql-17",
    "postgresql-17-postgis-3",
    "pgbouncer",
    "nginx-light",
    "libnginx-mod-http-brotli-filter",
    "libnginx-mod-http-brotli-static",
)
KEPT_SECONDS = 7 * 86400  # other checkouts may want a root of other packages
ROOTS = CACHE / "test-postgis"


def debian_root() -> Path:
    """Return the root, making it first when it is not there (needs mmdebstrap, about a minute)."""
    root = ROOTS / f"root-{hashlib.sha256(' '.join(PACKAGES).encode()).hexdigest()[:8]}"
    if (root / "usr/lib/postgresql/17/bin/postgres").exists():
        return root
    if not shutil.which("mmdebstrap"):
        raise UnavailableError(
            "no PostgreSQL with PostGIS to test with: install mmdebstrap, or set TEST_POSTGRES_HOST, "
            "TEST_POSTGRES_PORT, TEST_POSTGRES_DB, TEST_POSTGRES_USER and TEST_POSTGRES_PASSWORD"
        )
    ROOTS.mkdir(parents=True, exist_ok=True)
    with (ROOTS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            for old in ROOTS.glob("root*"):
                in_use = any((old / "var/tmp").glob("*-*-*"))  # by another session
                if not in_use and time.time() - old.stat().st_mtime > KEPT_SECONDS:
                    remove(old)
            _make(root)
    return root


def _make(root: Path) -> None:
    part = root.with_name("part")
    remove(part)
    done = subprocess.run(
        [
            "mmdebstrap",
            "--variant=minbase",
            '--aptopt=APT::Install-Recommends "false"',
            "--include=" + ",".join(PACKAGES),
            "trixie",
            str(part),
            MIRROR,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        remove(part)
        raise UnavailableError(f"mmdebstrap could not make the test root from {MIRROR}: {done.stderr.strip()[-500:]}")
    part.rename(root)


def remove(folder: Path) -> None:
    """Delete a folder, also when its files belong to another user of the root."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists() and os.getuid() != 0:
        subprocess.run(["unshare", "--map-auto", "--map-root-user", "rm", "-rf", str(folder)], check=False)


def owner(root: Path) -> tuple[int, int]:
    """The user and group that servers run as: `postgres` of the root for root, otherwise oneself."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    for line in (root / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == "postgres":
            return int(fields[2]), int(fields[3])
    raise UnavailableError(f"{root} has no user postgres; delete it to have it made again")


def inside(root: Path, *command: str) -> list[str]:
    """The argument list that runs a command in the root as an unprivileged user."""
    if os.getuid() == 0:
        uid, gid = owner(root)
        return ["chroot", f"--userspec={uid}:{gid}", str(root), *command]
    return ["unshare", "--user", "--map-current-user", f"--root={root}", *command]
