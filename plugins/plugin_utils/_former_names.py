# SPDX-License-Identifier: Apache-2.0
"""Names of earlier versions, and what is written instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Options of role chart that are settings now; role workflows has its share of them.
_OF_CHART = (
    *(f"database_{name}" for name in ("existing_secret", "host", "name", "password", "port", "sslmode", "user")),
    *(f"gate_{name}" for name in ("incomplete", "max_loss_percent", "max_loss_zones", "max_outside", "max_turned_ko")),
    *(
        f"source_storage_{name}"
        for name in ("access_key", "endpoint", "existing_secret", "region", "secret_key", "secure")
    ),
    *(
        f"storage_{name}"
        for name in ("access_key", "bucket", "endpoint", "endpoint_from_controller", "existing_secret")
    ),
    *(f"storage_{name}" for name in ("region", "secret_key", "secure", "service")),
    *(f"trex_{name}" for name in ("cache_volume", "existing_secret", "image")),
    *("languages", "releases_keep", "report_webhook_secret", "source_volume_existing_claim", "sources"),
    *("sources_as_original", "tiles_engine", "tiles_max_stored_zoom", "web_cluster_ip"),
)

FORMER_NAMES: Mapping[str, str] = {
    **{f"chart_{name}": f"cosmogony_{name}" for name in _OF_CHART},
    "chart_storage_bucket_manage": "workflows_storage_bucket_manage",
    # Variables of the local inventory's own, which are no settings.
    "cosmogony_sample_attributions": "local_sample_attributions",
    "cosmogony_sample_sources": "local_sample_sources",
}


def former_names(variables: Mapping[str, Any]) -> list[str]:
    """Return what is to be said of the variables that have names of earlier versions."""
    return [f"{name} is called {new} now" for name, new in FORMER_NAMES.items() if name in variables]
