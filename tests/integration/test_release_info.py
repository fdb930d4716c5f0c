# SPDX-License-Identifier: Apache-2.0
"""Module release_info over releases of the real importer: what the database says, and what the API says."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils import _releases
from ansible_collections.cosmogony.stack.plugins.module_utils._services.errors import ServiceError
from ansible_collections.cosmogony.stack.plugins.module_utils._services.postgres import PostgresServer
from ansible_collections.cosmogony.stack.plugins.module_utils._services.s3 import S3Store
from cosmogony_api.app import create_app
from cosmogony_api.settings import Settings
from importer_support.helpers import Bucket, Importer, Zones, grid
from werkzeug.serving import make_server

NO_RELEASE = {"live": None, "releases": []}


@pytest.fixture
def server(importer: Importer) -> PostgresServer:
    """The database of the importer, as the module is given it."""
    return PostgresServer(
        {
            "host": importer.server.host, "port": importer.server.port, "database": importer.database,
            "user": importer.server.user, "password": importer.server.password, "sslmode": "prefer", "ca_path": None,
            "service": None, "existing_secret": None,
        }
    )  # fmt: skip


@pytest.fixture
def api(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The API over this database, in the place where a port-forward would end."""
    application = create_app(Settings.from_environment(importer.server.environment(importer.database)))
    http = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=http.serve_forever, daemon=True).start()

    @contextlib.contextmanager
    def forward_to_service(service: dict[str, Any], _api: Any) -> Iterator[tuple[str, int]]:
        assert service == {"name": "cosmogony-api", "port": 8000, "namespace": "geo"}
        yield "127.0.0.1", http.server_port

    monkeypatch.setattr(_releases, "forward_to_service", forward_to_service)
    yield
    http.shutdown()


def publish_two(importer: Importer, zones: Zones) -> tuple[str, str]:
    """Publish a release and another one after it; return their ids."""
    releases = []
    for size in (2, 3):
        releases.append(importer.load(zones.write(grid(size))))
        importer.run("publish")
    return releases[0], releases[1]


def describe(found: dict[str, Any]) -> dict[str, Any]:
    return _releases.describe_releases(found, datetime.now(tz=UTC) + timedelta(hours=3))


def test_empty_database_has_no_releases(server: PostgresServer) -> None:
    found = _releases.read_database_releases(server, 5)
    assert describe(found) == NO_RELEASE
    assert found["database"]["bytes"] > 1_000_000


def test_catalog_without_releases(importer: Importer, server: PostgresServer, api: None) -> None:
    importer.run("init")
    assert describe(_releases.read_database_releases(server, 5)) == NO_RELEASE
    assert describe(_releases.read_api_releases("geo", None, 5)) == NO_RELEASE


def test_database_and_api_agree_but_for_the_sizes(
    importer: Importer, zones: Zones, server: PostgresServer, api: None
) -> None:
    first, second = publish_two(importer, zones)
    database = describe(_releases.read_database_releases(server, 5))
    assert [(each["id"], each["live"], each["state"]) for each in database["releases"]] == [
        (second, True, "published"),
        (first, False, "retired"),
    ]
    assert all(each["bytes"] > 10_000 for each in database["releases"])
    live = database["live"]
    assert 3 * 3600 <= live["age_seconds"] < 3 * 3600 + 300
    assert live["published"].endswith("+00:00")
    assert live["zones"] > database["releases"][1]["zones"]

    without_sizes = describe(_releases.read_api_releases("geo", None, 5))
    for release in (live, *database["releases"]):
        release["bytes"] = None
    assert without_sizes == database


def test_api_without_its_database_is_an_error(importer: Importer, api: None) -> None:
    with importer.server.connect("postgres") as connection:
        connection.execute(f'ALTER DATABASE "{importer.database}" ALLOW_CONNECTIONS false')
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (importer.database,)
        )
        try:
            with pytest.raises(ServiceError, match="answers HTTP 503: look at its log"):
                _releases.read_api_releases("geo", None, 10)
        finally:
            connection.execute(f'ALTER DATABASE "{importer.database}" ALLOW_CONNECTIONS true')


def test_manifest_of_the_live_release_names_its_sources() -> None:
    row = {
        "id": "r1", "state": "published", "live": True, "zones": 17, "gate": {"verdict": "passed"}, "override": None,
        "created": "2026-11-22T22:10:00.5+01:00", "published_at": datetime(2026, 11, 22, 22, 11, tzinfo=UTC),
    }  # fmt: skip
    source = {"name": "li", "url": "u", "file": "li-261121", "version_date": "2026-11-21", "size": 7, "zones": 17}
    manifest = {"inputs": {"as_original": True}, "sources": [{**source, "md5": "x"}]}
    now = datetime(2026, 11, 22, 23, 11, tzinfo=UTC)
    live = _releases.describe_releases({"releases": [row], "manifest": manifest}, now)["live"]
    assert (live["age_seconds"], live["as_original"], live["sources"]) == (3600, True, [source])
    assert (live["created"], live["gate"], live["bytes"]) == ("2026-11-22T21:10:00+00:00", "passed", None)


def test_bucket_is_measured_by_prefix(bucket: Bucket, minio: Any) -> None:
    for key in ("osm/a.osm.pbf", "osm/a.osm.pbf.json", "releases/r1/manifest.json", "elsewhere"):
        bucket.put(key, b"12345")
    options = {
        "endpoint": minio.endpoint, "access_key": minio.access_key, "secret_key": minio.secret_key, "secure": False,
        "bucket": bucket.name, "session_token": None, "region": "us-east-1", "validate_certs": True, "ca_path": None,
        "service": None, "existing_secret": None,
    }  # fmt: skip
    measured = _releases.measure_bucket(S3Store(options), 5)
    assert measured["name"] == bucket.name
    filled = {prefix: found for prefix, found in measured["prefixes"].items() if found["objects"]}
    assert filled == {
        "osm/": {"objects": 2, "bytes": 10},
        "releases/": {"objects": 1, "bytes": 5},
        "other": {"objects": 1, "bytes": 5},
    }
