# SPDX-License-Identifier: Apache-2.0
"""Real services on loopback ports: MinIO from the cache of programs, PostgreSQL with PostGIS from the test root."""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
# collections/ makes ansible_collections.cosmogony.stack, images/importer/tests the throw-away database.
for folder in (CHECKOUT / "collections", CHECKOUT / "images/importer/tests"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cosmogony-stack"


@dataclass
class Store:
    """A running MinIO."""

    endpoint: str
    access_key: str
    secret_key: str
    ca_path: str = ""


def minio_program() -> Path:
    """The program that role local_cluster builds."""
    if given := os.environ.get("TEST_MINIO_PROGRAM"):
        return Path(given)
    found = sorted(CACHE.glob("programs/minio-*/bin/minio"), key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.skip("no MinIO to test with: build the programs (make local) or set TEST_MINIO_PROGRAM")
    return found[-1]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """A folder with a self-signed certificate for localhost: public.crt, private.key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder = tmp_path_factory.mktemp("certs")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "public.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "private.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


@pytest.fixture(scope="session")
def start_minio(tmp_path_factory) -> Iterator[Callable[..., Store]]:
    """Starts MinIO servers that end with the session."""
    from throwaway.postgis import free_port

    running: list[subprocess.Popen] = []

    def start(*, certs: Path | None = None, port: int | None = None, region: str = "", wait: bool = True) -> Store:
        program, folder, port = minio_program(), tmp_path_factory.mktemp("minio"), port or free_port()
        store = Store(f"127.0.0.1:{port}", secrets.token_hex(8), secrets.token_urlsafe(24) + "/+ =")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, "server", "--quiet", "--address", store.endpoint, "--console-address", "127.0.0.1:0",
                 "--certs-dir", str(certs or folder / "certs"), str(folder / "data")],
                env={"MINIO_ROOT_USER": store.access_key, "MINIO_ROOT_PASSWORD": store.secret_key, "HOME": str(folder),
                     "MINIO_BROWSER": "off", "MINIO_UPDATE": "off", "MINIO_REGION": region},
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        running.append(process)
        if certs:
            store.ca_path = str(certs / "public.crt")
        elif wait:
            _until_alive(f"http://{store.endpoint}/minio/health/live", process, folder / "log")
        return store

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(20)


def _until_alive(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


@pytest.fixture(scope="session")
def minio(start_minio) -> Store:
    """A MinIO without TLS."""
    return start_minio()


@pytest.fixture(scope="session")
def postgres() -> Iterator[object]:
    """A PostgreSQL with PostGIS."""
    from throwaway import postgis, root

    try:
        server = postgis.server()
    except root.Unavailable as reason:
        pytest.skip(str(reason))
    yield server
    server.stop()
