# SPDX-License-Identifier: Apache-2.0
"""Everything a release is made from, as one document; its digest names the release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cosmogony_steps.documents import Inputs, to_json
from cosmogony_steps.errors import UsageError
from cosmogony_steps.settings import Settings

from ..sources.source_config import SourceConfig
from . import canonical


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """What goes into a release besides its sources."""

    languages: tuple[str, ...]
    importer: str
    dashboard: str
    tiles_max_zoom: int
    reason: str
    rules: str
    extractor: str
    as_original: bool = False

    @classmethod
    def from_settings(cls, settings: Settings, reason: str, *, rules: str, extractor: str) -> BuildSettings:
        """Take from the settings what goes into a release; `rules` and `extractor` are digests."""
        return cls(
            languages=tuple(sorted(set(settings.languages))),
            importer=settings.images.importer,
            dashboard=settings.images.dashboard,
            tiles_max_zoom=settings.tiles.max_stored_zoom,
            reason=reason,
            rules=rules,
            extractor=extractor,
            as_original=settings.sources.as_original,
        )


def make_inputs(items: Iterable[SourceConfig], sha256: Mapping[str, str], settings: BuildSettings) -> Inputs:
    """Return all that a release is made from; `sha256` has the digest of each source's file, by its name."""
    return Inputs(
        sources=tuple(item.as_input(sha256[item.name]) for item in sorted(items, key=lambda item: item.name)),
        rules=settings.rules,
        extractor=settings.extractor,
        importer=settings.importer,
        dashboard=settings.dashboard,
        languages=settings.languages,
        as_original=settings.as_original,
        tiles_max_zoom=settings.tiles_max_zoom,
        reason=settings.reason,
    )


def inputs_digest(inputs: Inputs) -> str:
    """Return the digest that names a release: whatever changes it makes another release of the same data."""
    return canonical.digest(to_json(inputs))


def release_id(started: datetime, digest: str) -> str:
    """Return the id of a release: the start of its run in UTC, and the first digits of the digest of its inputs."""
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
