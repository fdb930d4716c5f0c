# SPDX-License-Identifier: Apache-2.0
"""Everything a release is made from, as one document; its digest names the release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cosmogony_steps.errors import UsageError

from . import canonical
from .items import Item


@dataclass(frozen=True, slots=True)
class Making:
    """What goes into a release besides its sources."""

    languages: tuple[str, ...]
    importer: str
    dashboard: str
    tiles_max_zoom: int
    reason: str
    rules: str
    extractor: str
    as_original: bool = False


def inputs_document(items: Iterable[Item], sha256: Mapping[str, str], making: Making) -> dict[str, Any]:
    return {
        "sources": [
            {**item.to_dict(), "sha256": sha256[item.name]} for item in sorted(items, key=lambda item: item.name)
        ],
        "rules": making.rules,
        "extractor": making.extractor,
        "importer": making.importer,
        "dashboard": making.dashboard,
        "languages": list(making.languages),
        "as_original": making.as_original,
        "tiles_max_zoom": making.tiles_max_zoom,
        "reason": making.reason,
    }


def inputs_digest(document: Mapping[str, Any]) -> str:
    return canonical.digest(document)


def release_id(started: datetime, digest: str) -> str:
    return f"{started.astimezone(UTC):%Y%m%dt%H%M%S}-{digest[:8]}"


def parse_started(text: str) -> datetime:
    """The moment the run began, as Argo writes it; a retry of the step thus makes the same id."""
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        try:
            moment = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S %z UTC")  # Go's time.String()
        except ValueError as cause:
            raise UsageError(f"--started '{text}' is no time; give it like 2026-11-22T22:10:00Z") from cause
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
