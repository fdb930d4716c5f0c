# SPDX-License-Identifier: Apache-2.0
"""All that a release is made from. The digest of this document names the release."""

from __future__ import annotations

from dataclasses import dataclass

from .document import Digest, Names


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSource:
    """One source of a release, and the digest of its file."""

    name: str
    url: str  # without query
    country_code: str = ""
    languages: Names = ()
    disable_voronoi: bool = False
    sha256: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """All that a release is made from. It has no format number: that would make another release of the same data."""

    sources: tuple[InputSource, ...]
    rules: Digest
    extractor: Digest
    importer: str  # image reference
    dashboard: str  # image reference
    languages: Names
    as_original: bool | None = None  # null in releases from before it could be chosen
    tiles_max_zoom: int
    reason: str = ""  # why a new release was wanted with the same inputs
