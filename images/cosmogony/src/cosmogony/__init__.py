# SPDX-License-Identifier: Apache-2.0
"""Zones with their hierarchy out of OpenStreetMap data.

The functions `generate` and `merge` do what the commands of the same name do; README.md shows how to call them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import CosmogonyError
    from .generate import GenerateResult, generate
    from .merge import MergeResult, merge
    from .rules import Rules, load_rules
    from .version import build_digest

__all__ = [
    "CosmogonyError",
    "GenerateResult",
    "MergeResult",
    "Rules",
    "build_digest",
    "generate",
    "load_rules",
    "merge",
]

_HOME = {
    "CosmogonyError": "errors",
    "GenerateResult": "generate",
    "MergeResult": "merge",
    "Rules": "rules",
    "build_digest": "version",
    "generate": "generate",
    "load_rules": "rules",
    "merge": "merge",
}


def __getattr__(name: str) -> Any:
    # loaded when asked for: the pipeline's steps start without the geometry libraries
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
