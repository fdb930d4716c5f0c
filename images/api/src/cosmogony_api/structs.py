# SPDX-License-Identifier: Apache-2.0
"""Types that several threads convert JSON to."""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T")


def prepare_for_threads(kind: type[T]) -> type[T]:
    """Let msgspec read the fields of a struct now: version 0.22 crashes when two threads do that at the same moment."""
    msgspec.convert([], list[kind])  # type: ignore[valid-type]
    return kind
