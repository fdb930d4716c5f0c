# SPDX-License-Identifier: Apache-2.0
"""The bucket and the sources of these tests."""

from __future__ import annotations

from typing import Any

from cosmogony_pipeline.sources.source_config import SourceConfig, parse_source
from cosmogony_steps import object_keys
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import SourceSettings

BUCKET = "cosmogony"


def source_at(url: str, **more: Any) -> SourceConfig:
    """The source that the settings have at this URL."""
    return parse_source(SourceSettings(url=url, **more))


def stored_source(store: Store, item: SourceConfig) -> dict[str, Any] | None:
    """The marker of a source as it lies in the bucket."""
    return store.find_json(object_keys.get_source_marker_key(item.name))


def stored_part(store: Store, item: SourceConfig) -> dict[str, Any] | None:
    """The marker of the zones of a source as it lies in the bucket."""
    return store.find_json(object_keys.get_part_marker_key(item.name))
