# SPDX-License-Identifier: Apache-2.0
"""Makes the module options minio and postgres, for connections from the controller, from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def make_connection_options(settings: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the options ``minio`` and ``postgres`` of readiness, s3_bucket and release_info.

    The credentials are those that pods have: of a Secret that the site names, otherwise those of the settings,
    otherwise of the Secret that the roles made of them earlier.

    Args:
        settings: The whole tree.
        secrets: Names of the Secrets by section.
    """
    storage, database = settings["storage"], settings["database"]
    minio = {
        "endpoint": storage["endpoint_from_controller"] or storage["endpoint"],
        "ca_path": storage["ca_path"] or settings["ca_bundle"],
        **{name: storage[name] for name in ("service", "secure", "region", "bucket")},
    }
    postgres = {
        "host": database["host_from_controller"] or database["host"],
        "database": database["name"],
        "ca_path": database["ca_path"] or (settings["ca_bundle"] if database["sslmode"].startswith("verify-") else ""),
        **{name: database[name] for name in ("service", "port", "sslmode")},
    }
    if storage["access_key"] and storage["secret_key"] and not storage["existing_secret"]:
        minio.update(access_key=storage["access_key"], secret_key=storage["secret_key"])
    else:
        minio["existing_secret"] = {"namespace": settings["namespace"], "name": secrets["storage"]}
    if database["password"] and not database["existing_secret"]:
        postgres.update(user=database["user"], password=database["password"])
    else:
        postgres["existing_secret"] = {"namespace": settings["namespace"], "name": secrets["database"]}
    return {"minio": _drop_blanks(minio), "postgres": _drop_blanks(postgres)}


def _drop_blanks(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value not in (None, "", {})}
