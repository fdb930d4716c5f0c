# SPDX-License-Identifier: Apache-2.0
"""Fixtures of every test: a MinIO and a PostgreSQL with PostGIS on loopback ports, one of each per session."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from . import objectstore, postgis, skip_unless_available
from .objectstore import MinIO
from .pgbouncer import PgBouncer


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


@pytest.fixture
def start_minio() -> Iterator[Callable[..., MinIO]]:
    """Starts MinIO servers that end with the test."""
    with ExitStack() as ending:

        def start(**options: object) -> MinIO:
            server = skip_unless_available(objectstore.start_server, **options)
            ending.callback(server.stop)
            return server

        yield start


@pytest.fixture(scope="session")
def minio() -> Iterator[MinIO]:
    """A MinIO without TLS."""
    server = skip_unless_available(objectstore.start_server)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgis.Server]:
    """A PostgreSQL with PostGIS."""
    server = skip_unless_available(postgis.start_server)
    yield server
    server.stop()


@pytest.fixture
def tls_postgres(certificate: Path) -> Iterator[postgis.Server]:
    """A PostgreSQL with PostGIS that speaks TLS with the certificate."""
    server = skip_unless_available(postgis.start_server, certs=certificate)
    yield server
    server.stop()


@pytest.fixture
def start_pgbouncer(postgres: postgis.Server) -> Iterator[Callable[..., PgBouncer]]:
    """Starts poolers in front of the PostgreSQL, which end with the test."""
    with ExitStack() as ending:

        def start(**options: object) -> PgBouncer:
            pooler = PgBouncer(postgres, **options)
            ending.callback(pooler.stop)
            return pooler

        yield start
