# SPDX-License-Identifier: Apache-2.0
"""What a check says of a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Figures = TypeVar("Figures")


@dataclass(frozen=True)
class CheckResult(Generic[Figures]):
    """Findings, each of which blocks the release, and figures that are kept with the verdict."""

    findings: list[str]
    figures: Figures
