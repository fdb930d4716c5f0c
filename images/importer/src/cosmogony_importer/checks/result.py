# SPDX-License-Identifier: Apache-2.0
"""The result of a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Figures = TypeVar("Figures")


@dataclass(frozen=True)
class CheckResult(Generic[Figures]):
    """Findings, each of which blocks the release, and figures for the report."""

    findings: list[str]
    figures: Figures
