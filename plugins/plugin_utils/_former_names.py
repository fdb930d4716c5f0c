# SPDX-License-Identifier: Apache-2.0
"""Names of earlier versions, and what is written instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FORMER_NAMES: Mapping[str, str] = {
    # Variables of the local inventory's own, which are no settings.
    "cosmogony_sample_attributions": "local_sample_attributions",
    "cosmogony_sample_sources": "local_sample_sources",
}


def former_names(variables: Mapping[str, Any]) -> list[str]:
    """Return what is to be said of the variables that have names of earlier versions."""
    return [f"{name} is called {new} now" for name, new in FORMER_NAMES.items() if name in variables]
