# SPDX-License-Identifier: Apache-2.0
"""The table of expected counts, and the result of comparing a row."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

import msgspec
from cosmogony_steps.documents import CountStatus, ExpectedCount


@dataclass(frozen=True, slots=True)
class Expectation:
    """One row of volumetry.csv: the expected number of zones of a type below a root zone."""

    country: str | None
    zone_type: str
    min: int
    max: int
    known_gap: str | None  # `yes` if it is known that the count is not met, otherwise `no`
    wikidata: str
    country_name: str
    local_term: str | None
    class_wikidata: str | None

    def get_status(self, total: int | None) -> CountStatus:
        """Return whether a number of zones is in the expected range; the number is None without the root zone."""
        if total is None:
            return CountStatus.SKIP
        return CountStatus.OK if self.min <= total <= self.max else CountStatus.KO

    def compare(self, total: int | None) -> ExpectedCount:
        """Compare a number of zones with the expected range; return the result as test_results.json has it."""
        return ExpectedCount(
            country_code=self.country,
            expected_max=float(self.max),
            expected_min=float(self.min),
            is_known_failure="yes" if self.known_gap == "yes" else None,
            name=self.country_name,
            test_status=self.get_status(total),
            total=-1.0 if total is None else float(total),
            wikidata_id=self.wikidata,
            wikidata_ontology=self.class_wikidata,
            zone_type=self.zone_type,
            zone_type_local_name=self.local_term,
        )


def parse_expectations(lines: Iterable[str]) -> list[Expectation]:
    """Parse a CSV table of expected counts, in its order; empty fields are None, and ``NA`` is Namibia."""
    rows = [{name: text or None for name, text in row.items()} for row in csv.DictReader(lines)]
    return msgspec.convert(rows, list[Expectation], strict=False)


def read_expectations() -> list[Expectation]:
    """Return the expected counts of volumetry.csv, the table in this package."""
    return parse_expectations(
        (files(__package__) / "volumetry.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    )
