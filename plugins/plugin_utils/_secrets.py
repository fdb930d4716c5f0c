# SPDX-License-Identifier: Apache-2.0
"""Names of the Secrets that the stack reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Secrets that the roles make where a site names no Secret, by the section of the settings that has their credentials.
DEFAULT_NAMES = {
    "storage": "cosmogony-s3",
    "source_storage": "cosmogony-source-s3",
    "backup_storage": "cosmogony-backup-s3",
    "database": "cosmogony-postgres",
    "trex": "cosmogony-trex",
}


def get_secret_names(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the name of the Secret that each section of the settings uses; blank for a section that uses none."""
    names = {section: settings[section]["existing_secret"] or name for section, name in DEFAULT_NAMES.items()}
    for section in ("source_storage", "backup_storage"):
        if not (settings[section]["existing_secret"] or settings[section]["access_key"]):
            names[section] = ""
    return {**names, "report": settings["report"]["webhook_secret"]}


def get_made_secret_names(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the Secret that the roles may have made per section; blank where the site's own has the same name."""
    own = {settings[section]["existing_secret"] for section in DEFAULT_NAMES}
    return {section: "" if name in own else name for section, name in DEFAULT_NAMES.items()}
