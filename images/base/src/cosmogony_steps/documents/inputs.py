# SPDX-License-Identifier: Apache-2.0
"""All that a release is made from. The digest of this document names the release."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from .document import Digest, Names, describe


class InputSource(Struct, frozen=True, kw_only=True):
    """One source of a release, and the digest of its file."""

    name: str
    url: Annotated[str, describe("without query")]
    country_code: str = ""
    languages: Names = ()
    disable_voronoi: bool = False
    sha256: Digest


class Inputs(Struct, frozen=True, kw_only=True):
    """All that a release is made from. It has no format number: that would make another release of the same data."""

    sources: tuple[InputSource, ...]
    rules: Digest
    extractor: Digest
    importer: Annotated[str, describe("image reference")]
    dashboard: Annotated[str, describe("image reference")]
    languages: Names
    as_original: Annotated[bool | None, describe("null in releases from before it could be chosen")] = None
    tiles_max_zoom: int
    reason: Annotated[str, describe("why a new release was wanted with the same inputs")] = ""
