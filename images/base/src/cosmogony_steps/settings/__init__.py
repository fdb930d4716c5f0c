# SPDX-License-Identifier: Apache-2.0
"""The settings of a step, typed. Needs the extra `documents`."""

from .document import PATH
from .environment import apply_environment
from .model import (
    BackupStorageSettings,
    DatabaseSettings,
    GateSettings,
    Settings,
    SourceSettings,
    SourceStorageSettings,
    StorageSettings,
)
from .overrides import apply_overrides

__all__ = [
    "PATH",
    "BackupStorageSettings",
    "DatabaseSettings",
    "GateSettings",
    "Settings",
    "SourceSettings",
    "SourceStorageSettings",
    "StorageSettings",
    "apply_environment",
    "apply_overrides",
]
