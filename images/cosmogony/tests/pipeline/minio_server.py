# SPDX-License-Identifier: Apache-2.0
"""A real MinIO on a loopback port, for tests."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

import urllib3
from minio import Minio

BUCKET = "cosmogony"


def find_program() -> str | None:
    named = os.environ.get("MINIO_BIN") or shutil.which("minio")
    if named:
        return named
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cosmogony-stack" / "programs"
    built = sorted(cache.glob("minio-*/bin/minio"), key=lambda path: path.stat().st_mtime)
    return str(built[-1]) if built else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MinioServer:
    """Start, kill and start again, on the same port and data."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.endpoint = f"127.0.0.1:{free_port()}"
        self.access_key = "tester"
        self.secret_key = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "S3_ENDPOINT": self.endpoint,
            "S3_SECURE": "false",
            "S3_REGION": "us-east-1",
            "S3_BUCKET": BUCKET,
            "S3_ACCESS_KEY": self.access_key,
            "S3_SECRET_KEY": self.secret_key,
        }

    @property
    def client(self) -> Minio:
        """Answers or fails at once: no retries that would hide a server that is away."""
        http = urllib3.PoolManager(retries=False, timeout=10)
        return Minio(
            self.endpoint, self.access_key, self.secret_key, secure=False, region="us-east-1", http_client=http
        )

    def start(self) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }
        log = (self.folder / "minio.log").open("ab")
        command = [self.program, "server", "--quiet", "--address", self.endpoint, str(self.folder / "data")]
        self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        log.close()
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                if not self.client.bucket_exists(BUCKET):
                    self.client.make_bucket(BUCKET)
                return
            except Exception:
                if time.monotonic() > deadline or (self._process and self._process.poll() is not None):
                    raise
                time.sleep(0.1)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
