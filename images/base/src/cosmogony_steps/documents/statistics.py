# SPDX-License-Identifier: Apache-2.0
"""Statistics of a release: test_results.json, in the format of the original dashboard."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from msgspec import UNSET, Struct, UnsetType

from .document import convert_document, describe_field, to_json
from .states import CountStatus


class ExpectedCount(Struct, frozen=True, kw_only=True):
    """Expected and actual number of zones of a type below a root zone.

    `test_status` and `total` are those of the original dashboard, whether or not the data claim the zone type.
    """

    claimed: Annotated[
        bool | UnsetType,
        describe_field(
            "whether the data claim zones of this type; absent in results of a file and of earlier versions"
        ),
    ] = UNSET
    country_code: str | None
    expected_max: float
    expected_min: float
    is_known_failure: Literal["yes"] | None
    name: Annotated[str, describe_field("of the country, in English")]
    test_status: CountStatus
    total: Annotated[float, describe_field("-1 when the root zone is not in the data")]
    wikidata_id: Annotated[str, describe_field("of the root zone")]
    wikidata_ontology: str | None
    zone_type: str
    zone_type_local_name: str | None

    @property
    def identity(self) -> tuple[str, str]:
        """What identifies the expectation in the statistics of two releases: the root zone and the zone type."""
        return self.wikidata_id or self.name, self.zone_type


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
        """Return the expected counts as plain JSON values, as test_results.json has them."""
        rows: list[dict[str, Any]] = to_json(self.rows)
        return rows

    def count_with_status(self, status: CountStatus) -> int:
        """Return how many of the expected counts have a status."""
        return sum(row.test_status == status for row in self.rows)

    def count_not_claimed(self) -> int:
        """Return the number of rows whose zone type the data do not claim."""
        return sum(row.claimed is False for row in self.rows)
