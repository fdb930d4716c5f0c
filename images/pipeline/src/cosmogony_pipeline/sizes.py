# SPDX-License-Identifier: Apache-2.0
"""Sizes as Kubernetes writes them."""

from __future__ import annotations

import re

from cosmogony_steps.errors import StepError

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def parse_size(text: str, name: str) -> int | None:
    """Bytes of a quantity such as 2Gi or 500M; None when blank."""
    if not text.strip():
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?", text.strip())
    if not found:
        raise StepError(f"{name} '{text}' is no size; write it like 512Mi or 2Gi")
    return int(float(found[1]) * _UNITS[found[2] or ""])
