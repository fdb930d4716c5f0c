# SPDX-License-Identifier: Apache-2.0
"""What the values of the original chart (cosmo_chart 0.0.1) are in an inventory of this collection."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ._values import is_list, to_boolean

#: Defaults of the original chart: a site's values override them.
DEFAULTS: dict[str, Any] = {
    "namespace": "cosmogony",
    "osmSources": [
        f"http://download.geofabrik.de/{name}-latest.osm.pbf"
        for name in (
            "europe", "africa", "antarctica", "asia",
            "australia-oceania", "central-america", "north-america", "south-america",
        )
    ],
    "minio.endpoint": "minio.default.svc.cluster.local:9000",
    "minio.scheme": "http",
    "minio.accessKey": "minioaccess",
    "minio.secretKey": "miniosecret",
    "minio.cosmogonyPath": "cosmogony",
    "postgres.host": "postgres-postgresql.default",
    "postgres.user": "cosmogony",
    "postgres.password": "cosmogony",  # the chart's published default
    "postgres.db": "cosmogony",
    "ingress.enabled": False,
    "ingress.class": "nginx",
    "cosmogony_explorer_tiles.service.type": "ClusterIP",
}  # fmt: skip
#: Values without a place in an inventory, by a pattern of their path, and why.
WITHOUT_PLACE = {
    r"minio\.artifactsPath": "no bucket for Argo's artifacts is needed",
    r"persistantVolumes\..*": "no volume is needed: statistics and tiles are in the database",
    r"cosmogony_explorer_(api|web)\.service\.type": "the original chart did not read it",
    r"cosmogony(_explorer_\w+)?\.image\..*": "role images builds the images; name published ones in cosmogony_images",
    r"postgres\.(post|port)": "the original chart did not read it and connected to 5432; set cosmogony_database_port",
}
#: Languages of the labels, which the original workflows gave to the extractor.
LANGUAGES = ["fr", "en"]
PORTS = {"minio": 9000, "postgres": 5432}

Settings = dict[str, Any]


class _OriginalValues:
    """The values of a site, over the defaults of the chart; keeps which of them were read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.given = dict(_flatten(values))
        self._read: set[str] = set()

    def get(self, path: str) -> Any:
        """Return the value at a path, which counts as read from now on."""
        self._read.add(path)
        value = self.given.get(path)
        return DEFAULTS.get(path) if value is None else value

    def list_unread(self) -> list[tuple[str, Any]]:
        """Return the given values that nothing has read, by their paths."""
        return [(path, value) for path, value in self.given.items() if path not in self._read]


def convert_to_inventory(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an inventory has instead of the values of the original chart.

    Args:
        values: The parsed values.yaml of a site; what it lacks is taken from the chart's defaults.

    Returns:
        ``settings`` and role options by the name of their variable; ``secrets``, the same for a vault; ``not_mapped``,
        a line for each value without a place; ``notes``, what differs from the original.
    """
    original = _OriginalValues(values)
    notes: list[str] = []
    settings: Settings = {
        "cosmogony_namespace": str(original.get("namespace")),
        "cosmogony_sources": {"extracts": [{"url": url} for url in _read_urls(original.get("osmSources"))]},
        "cosmogony_languages": LANGUAGES,
        "cosmogony_storage": _make_storage(original, notes.append),
        "cosmogony_database": _make_database(original),
    }
    settings |= _make_way_in(original, notes.append)
    kind = str(original.get("cosmogony_explorer_tiles.service.type"))
    if kind != "ClusterIP":
        settings["chart_values"] = {part: {"service": {"type": kind}} for part in ("api", "tiles", "web")}
    secrets = {
        "vault_storage_access_key": str(original.get("minio.accessKey")),
        "vault_storage_secret_key": str(original.get("minio.secretKey")),
        "vault_database_password": str(original.get("postgres.password")),
    }
    not_mapped = [f"{path}: {_explain(path)}" for path, _value in original.list_unread()]
    return {"settings": settings, "secrets": secrets, "not_mapped": sorted(not_mapped), "notes": notes}


def _flatten(values: Mapping[str, Any], above: str = "") -> Any:
    for key, value in values.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{path}.")
        else:
            yield path, value


def _read_urls(sources: Any) -> list[str]:
    """Return the URLs of osmSources, a list or text with one on each line."""
    entries = sources if is_list(sources) else str(sources).split()
    return [str(entry).strip() for entry in entries]


def _make_storage(original: _OriginalValues, note: Callable[[str], None]) -> Settings:
    endpoint = str(original.get("minio.endpoint")).removeprefix("http://").removeprefix("https://").rstrip("/")
    bucket, _slash, folder = str(original.get("minio.cosmogonyPath")).strip("/").partition("/")
    if folder:
        note(f"minio.cosmogonyPath names the folder {folder} of the bucket {bucket}; the stack takes the whole bucket")
    storage = {
        "endpoint": endpoint,
        "secure": original.get("minio.scheme") == "https",
        "bucket": bucket,
        "existing_secret": "",
        "access_key": "{{ vault_storage_access_key }}",
        "secret_key": "{{ vault_storage_secret_key }}",
    }
    return storage | _find_service(endpoint, original, "minio")


def _make_database(original: _OriginalValues) -> Settings:
    host = str(original.get("postgres.host"))
    database = {
        "host": host,
        "port": PORTS["postgres"],
        "name": str(original.get("postgres.db")),
        "user": str(original.get("postgres.user")),
        "existing_secret": "",
        "password": "{{ vault_database_password }}",
        "sslmode": "prefer",
    }
    return database | _find_service(host, original, "postgres")


def _find_service(address: str, original: _OriginalValues, kind: str) -> Settings:
    """Return the setting ``service`` for an address of the cluster, which the controller cannot resolve."""
    host, _colon, port = address.partition(":")
    found = re.fullmatch(r"([a-z0-9-]+)\.([a-z0-9-]+)(\.svc(\.cluster\.local)?)?", host)
    if not found or not (found[3] or found[2] in ("default", original.get("namespace"))):
        return {}
    return {"service": {"namespace": found[2], "name": found[1], "port": int(port or PORTS[kind])}}


def _make_way_in(original: _OriginalValues, note: Callable[[str], None]) -> Settings:
    enabled, class_name = original.get("ingress.enabled"), original.get("ingress.class")
    rules = original.get("ingress.hosts") or []
    hosts = [str(rule["host"]) for rule in rules if isinstance(rule, Mapping) and rule.get("host")]
    if not to_boolean(enabled) or not hosts:
        return {"cosmogony_site_url": ""}
    paths = {str(path.get("path")) for rule in rules for path in rule.get("paths") or [] if isinstance(path, Mapping)}
    if other := sorted(paths - {"/", "None"}):
        note(f"ingress.hosts has the paths {', '.join(other)}; the site has that of cosmogony_site_url")
    return {
        "cosmogony_site_url": f"http://{hosts[0]}",
        "cosmogony_ingress": {"enabled": True, "class_name": str(class_name or ""), "hosts": hosts},
    }


def _explain(path: str) -> str:
    for pattern, reason in WITHOUT_PLACE.items():
        if re.fullmatch(pattern, path):
            return reason
    return "the original chart has no such value"
