# SPDX-License-Identifier: Apache-2.0
"""What a release is merged from."""

from __future__ import annotations

from dataclasses import dataclass

from cosmogony_steps.documents import PartMarker, SourceMarker

from ..sources.source_config import SourceConfig


@dataclass(frozen=True, slots=True)
class Part:
    """A source, and the markers of its file and of its zones."""

    config: SourceConfig
    source: SourceMarker
    zones: PartMarker
