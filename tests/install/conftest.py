# SPDX-License-Identifier: Apache-2.0
"""Two sites of strangers on the local cluster, each with an account that has the documented Role.

The first has a workflow controller for its namespace alone, the second that of the whole cluster. Each has a bucket, a
database and keys, in a store and a server that are not those of the local site. INSTALL_LOG names a file for the output
of all commands.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import registry, skip_unless_available

from .support import administrator
from .support.administrator import ARGO, FIRST, NAMESPACES, SECOND
from .support.site import Site


@pytest.fixture(scope="session")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(os.environ.get("INSTALL_LOG") or tmp_path_factory.mktemp("log") / "install.log")


@pytest.fixture(scope="session")
def login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a registry that wants a login."""
    folder = tmp_path_factory.mktemp("registry")
    server = skip_unless_available(registry.Registry, folder, registry.password_auth(folder))
    yield server.address
    server.stop()


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Store and database server; all namespaces are removed with them, and before them what a killed run has left."""
    administrator.remove_namespaces(*NAMESPACES)
    try:
        administrator.start_services(tmp_path_factory.mktemp("services"))
        yield
    finally:
        administrator.remove_namespaces(*NAMESPACES)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, services: None, login: str, log: Path) -> Site:
    """The site that is installed by docs/install.md, before its first command."""
    return Site(FIRST, tmp_path_factory.mktemp("site"), log, login, argo=ARGO)


@pytest.fixture(scope="session")
def began() -> float:
    """When the first command of the page was run."""
    return time.monotonic()


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory, site: Site, login: str, log: Path) -> Site:
    """Another site, which reads the backups of the first."""
    backups = {"endpoint": f"minio.{administrator.SERVICES}.svc.cluster.local:9000", "secure": False, "bucket": FIRST}
    more = {
        "options.yml": {"chart_replicas": 1, "data_update_run": "never"},
        "storage.yml": {"cosmogony_backup_storage": {**backups, "existing_secret": "backups"}},
    }
    found = Site(SECOND, tmp_path_factory.mktemp("second"), log, login, more=more)
    found.follow("Namespace and account", 0, as_administrator=True)
    found.follow("Namespace and account", 1, as_administrator=True)
    found.follow("Namespace and account", 2, as_administrator=True)
    found.make_database()
    found.make_bucket()
    found.follow("Secrets", 0)
    found.follow("Secrets", 1)
    found.copy_inventory()
    found.write_inventory()
    return found
