# SPDX-License-Identifier: Apache-2.0
"""Collect everything that a release is made from in one document, whose digest is in the release id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from cosmogony.rules import load_rules
from cosmogony.version import compute_program_digest
from cosmogony_steps.documents import Inputs, to_json
from cosmogony_steps.errors import UsageError
from cosmogony_steps.settings import Settings
from msgspec.structs import replace

from ..sources.source_config import SourceConfig


def make_inputs(settings: Settings, reason: str) -> Inputs:
    """Return the inputs of a release without its sources: programs, rules, and the settings that change its zones."""
    return Inputs(
        sources=(),
        rules=load_rules().digest,
        extractor=compute_program_digest(),
        importer=settings.images.importer,
        dashboard=settings.images.dashboard,
        languages=tuple(sorted(set(settings.languages))),
        as_original=settings.sources.as_original,
        tiles_max_zoom=settings.tiles.max_stored_zoom,
        reason=reason,
    )


def add_sources(inputs: Inputs, items: Iterable[SourceConfig], sha256: Mapping[str, str]) -> Inputs:
    """Return a copy of the inputs of a release with the sources added.

    Args:
        inputs: see `make_inputs`.
        items: the sources, in any order.
        sha256: the digest of each source's file, by the name of the source.
    """
    sources = tuple(item.to_input_source(sha256[item.name]) for item in sorted(items, key=lambda item: item.name))
    return replace(inputs, sources=sources)


def digest_inputs(inputs: Inputs) -> str:
    """Return the sha256 of the inputs of a release in hexadecimal digits; releases with equal ones have equal data."""
    return digest_document(to_json(inputs))


def digest_document(document: Any) -> str:
    """Return the sha256, in hexadecimal digits, of a document as JSON with sorted keys, no blanks, in UTF-8."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def make_release_id(started: datetime, digest: str) -> str:
    """Return the id of a release: the start of its run in UTC, and the first digits of the digest of its inputs."""
    return f"{started.astimezone(UTC):%Y%m%dt%H%M%S}-{digest[:8]}"


def parse_start_time(text: str) -> datetime:
    """Return the start time of a run from text as Argo writes it, in ISO 8601 or as Go does.

    Raises:
        UsageError: the text is not a time.
    """
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        try:
            moment = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S %z UTC")  # the format of time.String() in Go
        except ValueError as cause:
            raise UsageError(f"--started '{text}' is not a time; give it like 2026-11-22T22:10:00Z") from cause
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
