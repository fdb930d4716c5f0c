# SPDX-License-Identifier: Apache-2.0
"""What a check says of a release."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CheckResult:
    """Findings, each of which blocks the release, and figures that are kept with the verdict."""

    findings: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)  # as JSON has them
