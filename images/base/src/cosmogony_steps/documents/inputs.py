# SPDX-License-Identifier: Apache-2.0
"""The inputs of a release. Their digest is part of the id of the release."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from .document import Digest, Names, describe_field


class Credit(Struct, frozen=True, kw_only=True):
    """A name that a map shows for the zones of a source."""

    text: Annotated[str, describe_field("plain text")]
    url: Annotated[str, describe_field("page that says more, http or https; empty if there is none")] = ""


class InputSource(Struct, frozen=True, kw_only=True):
    """One source of a release, and the digest of its file."""

    name: str
    url: Annotated[str, describe_field("without query")]
    country_code: str = ""
    languages: Names = ()
    disable_voronoi: bool = False
    # Absent if blank, because an empty list would change the digest of releases that were made before it existed.
    attribution: Annotated[
        tuple[Credit, ...] | UnsetType, describe_field("absent: the contributors of OpenStreetMap")
    ] = UNSET
    sha256: Digest


class Inputs(Struct, frozen=True, kw_only=True):
    """All that determines a release. Without a format number, because that would change the digest of the same data."""

    sources: tuple[InputSource, ...]
    rules: Digest
    extractor: Digest
    importer: Annotated[str, describe_field("image reference")]
    dashboard: Annotated[str, describe_field("image reference")]
    languages: Names
    as_original: Annotated[bool | None, describe_field("null in the manifests of earlier versions")] = None
    tiles_max_zoom: int
    reason: Annotated[str, describe_field("why a new release was made with the same inputs")] = ""
