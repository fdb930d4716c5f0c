# SPDX-License-Identifier: Apache-2.0
"""A throw-away MinIO on a loopback port."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from .postgis import free_port
from .programs import minio
from .root import Unavailable


@dataclass
class ObjectStore:
    endpoint: str
    access_key: str
    secret_key: str
    folder: Path
    process: subprocess.Popen

    def client(self) -> Minio:
        return Minio(
            self.endpoint,
            self.access_key,
            self.secret_key,
            secure=False,
            http_client=urllib3.PoolManager(retries=False, timeout=5),
        )

    def environment(self, bucket: str) -> dict[str, str]:
        return {
            "S3_ENDPOINT": self.endpoint,
            "S3_SECURE": "false",
            "S3_REGION": "us-east-1",
            "S3_BUCKET": bucket,
            "S3_ACCESS_KEY": self.access_key,
            "S3_SECRET_KEY": self.secret_key,
        }

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def object_store() -> ObjectStore:
    program = str(minio())
    folder = Path(tempfile.mkdtemp(prefix="objectstore-"))
    endpoint = f"127.0.0.1:{free_port()}"
    user, password = "tester", secrets.token_urlsafe(18)
    process = subprocess.Popen(
        [
            program,
            "server",
            "--quiet",
            "--address",
            endpoint,
            "--console-address",
            f"127.0.0.1:{free_port()}",
            str(folder / "data"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"MINIO_ROOT_USER": user, "MINIO_ROOT_PASSWORD": password, "HOME": str(folder), "MINIO_BROWSER": "off"},
    )
    store = ObjectStore(endpoint, user, password, folder, process)
    deadline = time.monotonic() + 20
    while True:
        try:
            store.client().list_buckets()
            return store
        except (urllib3.exceptions.HTTPError, MinioException) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                store.stop()
                raise Unavailable(f"{program} did not start: {error}") from error
            time.sleep(0.1)
