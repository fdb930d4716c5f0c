# SPDX-License-Identifier: Apache-2.0
"""Statistics of a release: test_results.json, in the format of the original dashboard."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from msgspec import Struct

from .document import convert_document, description, to_json
from .states import CountStatus


class ExpectedCount(Struct, frozen=True, kw_only=True):
    """Expected and actual number of zones of a type below a root zone."""

    country_code: str | None
    expected_max: float
    expected_min: float
    is_known_failure: Literal["yes"] | None
    name: Annotated[str, description("of the country, in English")]
    test_status: CountStatus
    total: Annotated[float, description("-1 when the root zone is not in the data")]
    wikidata_id: Annotated[str, description("of the root zone")]
    wikidata_ontology: str | None
    zone_type: str
    zone_type_local_name: str | None


class Statistics(Struct, frozen=True):
    """All expected counts of a release. The document is a plain list, so it has no format number."""

    rows: tuple[ExpectedCount, ...]

    @classmethod
    def from_json(cls, data: object, key: str) -> Self:
        """Check a parsed test_results.json and convert it; `key` says where it was read.

        Raises:
            DocumentError: a field of a row is missing or has another type.
        """
        rows = convert_document(data, tuple[ExpectedCount, ...], f"statistics {key}", "run the stats step again")
        return cls(rows)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the rows as plain JSON values."""
        rows: list[dict[str, Any]] = to_json(self.rows)
        return rows

    def count(self, status: CountStatus) -> int:
        """Return the number of rows with a status."""
        return sum(row.test_status == status for row in self.rows)
