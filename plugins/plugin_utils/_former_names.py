# SPDX-License-Identifier: Apache-2.0
"""Variables and chart values that were renamed or removed, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ._values import to_snake_case

# Former options of roles that are settings now: ROLE_NAME is called cosmogony_NAME.
SETTINGS_OF_CHART = [
    "database_existing_secret", "database_host", "database_name", "database_password", "database_port",
    "database_sslmode", "database_user", "gate_incomplete", "gate_max_loss_percent", "gate_max_loss_zones",
    "gate_max_outside", "gate_max_turned_ko", "languages", "releases_keep", "report_webhook_secret",
    "source_storage_access_key", "source_storage_endpoint", "source_storage_existing_secret",
    "source_storage_region", "source_storage_secret_key", "source_storage_secure", "source_volume_existing_claim",
    "sources", "sources_as_original", "storage_access_key", "storage_bucket", "storage_endpoint",
    "storage_endpoint_from_controller", "storage_existing_secret", "storage_region", "storage_secret_key",
    "storage_secure", "storage_service", "tiles_engine", "tiles_max_stored_zoom", "trex_cache_volume",
    "trex_existing_secret", "trex_image", "web_cluster_ip",
]  # fmt: skip
SETTINGS_OF_PREFLIGHT = [
    "database_ca_path", "database_existing_secret", "database_name", "database_password", "database_port",
    "database_service", "database_sslmode", "database_user", "storage_access_key", "storage_bucket",
    "storage_ca_path", "storage_existing_secret", "storage_region", "storage_secret_key", "storage_secure",
    "storage_service",
]  # fmt: skip

ATTRIBUTION = "cosmogony_sources_extracts[].attribution"  # of each source

FORMER_NAMES: Mapping[str, str] = {
    **{f"chart_{name}": f"cosmogony_{name}" for name in SETTINGS_OF_CHART},
    "chart_storage_bucket_manage": "workflows_storage_bucket_manage",
    **{f"preflight_{name}": f"cosmogony_{name}" for name in SETTINGS_OF_PREFLIGHT},
    "preflight_database_host": "cosmogony_database_host_from_controller",
    "preflight_storage_endpoint": "cosmogony_storage_endpoint_from_controller",
    "images_args": "images_build_args",
    "images_args_by_name": "images_build_args_by_name",
    "data_update_rollback_to": "rollback_to",
    "data_update_rollback_reason": "rollback_reason",
    "data_update_disk_paths": "status_disk_paths",
    "data_update_only": "data_update_source",
    "tile_cache_keep": "tile_cache_keep_releases",
    "workflows_keep_succeeded": "workflows_keep_succeeded_seconds",
    "workflows_keep_failed": "workflows_keep_failed_seconds",
    "verify_helm_binary": "cosmogony_helm_binary",
    "verify_release_name": "cosmogony_release_name",
    **dict.fromkeys(("chart_attribution", "cosmogony_attribution"), ATTRIBUTION),
    # Former variables that only inventories/local used.
    **dict.fromkeys(("cosmogony_sample_attributions", "local_sample_attributions"), ATTRIBUTION),
    "cosmogony_sample_sources": "local_sample_sources",
    "local_cluster_programs": "local_cluster_programs_source",
    "samples_wait_timeout": "samples_server_wait_timeout",
}


# Former values of the chart, and the setting to write instead; a name that ends in _ stands for all below it.
FORMER_CHART_VALUES: Mapping[str, str] = {
    "attribution": ATTRIBUTION,
    "data.sources": "cosmogony_sources",
    "data": "cosmogony_",
    "storage": "cosmogony_storage_",
    "steps": "cosmogony_steps_",
    "database": "cosmogony_database_",
    "images": "cosmogony_images_",
    "imagePullPolicy": "cosmogony_image_pull_policy",
    "imagePullSecrets": "cosmogony_image_pull_secrets",
    "tiles.engine": "cosmogony_tiles_engine",
    "tiles.trex": "cosmogony_trex_",
    "workflowServiceAccount.annotations": "workflows_service_account_annotations",
}
CHART_VALUES_OF_TODAY = ("tiles.trex.linkResources", "database.secretRevision")


def describe_former_names(variables: Mapping[str, Any]) -> list[str]:
    """Return a message for each variable that has a name of an earlier version.

    An empty list says nothing: inventories of before have ``cosmogony_attribution: []``.
    """
    return [f"{name} is called {new} now" for name, new in FORMER_NAMES.items() if variables.get(name, []) != []]


def describe_former_chart_values(values: Mapping[str, Any]) -> list[str]:
    """Return a message for each value of the chart that is a setting now."""
    return [f"chart_values.{path} is called {new} now" for path in _leaves(values) if (new := _setting_at(path))]


def _leaves(values: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in values.items():
        path = f"{above}{key}"
        # The keys below these values are names of Kubernetes, not settings.
        if isinstance(value, Mapping) and value and not path.endswith(("esources", ".annotations")):
            yield from _leaves(value, f"{path}.")
        else:
            yield path


def _setting_at(path: str) -> str:
    if path in CHART_VALUES_OF_TODAY:
        return ""
    for former, name in FORMER_CHART_VALUES.items():
        if path == former or path.startswith(f"{former}."):
            rest = path.removeprefix(former).removeprefix(".").replace(".", "_")
            return (name + to_snake_case(rest)).rstrip("_") if name.endswith("_") else name
    return ""
