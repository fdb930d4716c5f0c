# SPDX-License-Identifier: Apache-2.0
"""Add tags of the centre to a zone, as the original does."""

from __future__ import annotations

from ..zones.names import PREFIX, is_same_place
from ..zones.zone import Zone


def add_centre_name_tags(zone: Zone) -> None:
    """Add to the tags of a zone the `name:` tags that only its centre has, if both are the same place."""
    if zone.centre is None or zone.generated or not is_same_place(zone):
        return
    missing = {key: value for key, value in zone.centre.tags.items() if key.startswith(PREFIX) and key not in zone.tags}
    if missing:
        zone.tags = {**zone.tags, **missing}
