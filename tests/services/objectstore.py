# SPDX-License-Identifier: Apache-2.0
"""A throw-away MinIO on a loopback port."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from . import free_port
from .programs import find_program


class MinIO:
    """One server: on the same port, with the same data and keys each time it is started, until `stop`.

    `certs` is a folder with public.crt and private.key: then it speaks TLS.
    """

    def __init__(self, *, certs: Path | None = None, region: str = "") -> None:
        self.program = find_program("minio")
        self.certs = certs
        self.region = region
        self.endpoint = f"127.0.0.1:{free_port()}"
        self.access_key = secrets.token_hex(8)
        self.secret_key = secrets.token_urlsafe(24) + "/+ ="
        self.folder = Path(tempfile.mkdtemp(prefix="minio-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def ca_path(self) -> str:
        return str(self.certs / "public.crt") if self.certs else ""

    def client(self) -> Minio:
        """Answers or fails immediately: no retries that would hide a server that is away."""
        return Minio(
            self.endpoint,
            self.access_key,
            self.secret_key,
            secure=self.certs is not None,
            region=self.region or "us-east-1",
            http_client=urllib3.PoolManager(retries=False, timeout=10, ca_certs=self.ca_path or None),
        )

    def empty_bucket(self, bucket: str) -> None:
        """Make the bucket, or remove what an earlier test left in it."""
        client = self.client()
        if not client.bucket_exists(bucket):
            client.make_bucket(bucket)
        for found in list(client.list_objects(bucket, recursive=True)):
            client.remove_object(bucket, str(found.object_name))

    def environment(self, bucket: str) -> dict[str, str]:
        """The settings of a step that works on this bucket."""
        return {
            "S3_ENDPOINT": self.endpoint,
            "S3_SECURE": "true" if self.certs else "false",
            "S3_REGION": self.region or "us-east-1",
            "S3_BUCKET": bucket,
            "S3_ACCESS_KEY": self.access_key,
            "S3_SECRET_KEY": self.secret_key,
        }

    def start(self) -> None:
        """Start, or start again after `kill`; returns when it answers."""
        command = [str(self.program), "server", "--quiet", "--address", self.endpoint]
        command += ["--console-address", "127.0.0.1:0", "--certs-dir", str(self.certs or self.folder / "certs")]
        environment = {
            "HOME": str(self.folder),
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_REGION": self.region,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, str(self.folder / "data")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )
        self._wait(self._process)

    def _wait(self, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.client().list_buckets()
                return
            except (urllib3.exceptions.HTTPError, MinioException) as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    log = (self.folder / "log").read_text(errors="replace")[-800:]
                    self.stop()
                    raise RuntimeError(f"{self.program} did not start: {error}\n{log}") from error
                time.sleep(0.1)

    def kill(self) -> None:
        """End the server the hard way, as a power cut would; its data stay."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End the server and remove its data."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_server(**options: object) -> MinIO:
    """A MinIO that runs; raises `UnavailableError` where there is no program, RuntimeError when it does not start."""
    made = MinIO(**options)
    made.start()
    return made
