# SPDX-License-Identifier: Apache-2.0
"""Codes of countries and states, which the atlases lack: the tables in data/, whose README names their sources."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from .errors import AtlasError
from .topojson import Shape

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory; `numeric` is None where ISO 3166-1 has no number for it."""

    numeric: int | None
    alpha2: str
    admin_level: int
    wikidata: str
    name: str

    def make_tags(self) -> dict[str, str]:
        """Return the OSM tags with the country's ISO 3166-1 codes and Wikidata id."""
        tags = {"ISO3166-1": self.alpha2, "ISO3166-1:alpha2": self.alpha2}
        if self.numeric is not None:
            tags["ISO3166-1:numeric"] = f"{self.numeric:03}"
        if self.wikidata:
            tags["wikidata"] = self.wikidata
        return tags


class Countries:
    """The table of all countries, to be found by number of ISO 3166-1 or, for those without one, by name."""

    def __init__(self) -> None:
        rows = [
            Country(
                int(row["numeric"]) if row["numeric"] else None,
                row["alpha2"],
                int(row["admin_level"]),
                row["wikidata"],
                row["name"],
            )
            for row in _read_rows("countries.tsv")
        ]
        self._by_number = {row.numeric: row for row in rows if row.numeric is not None}
        self._by_name = {row.name: row for row in rows if row.numeric is None}

    def find_by_shape(self, shape: Shape) -> Country | None:
        """Return the country of a shape; None for one without an ISO code.

        Raises:
            AtlasError: the shape has a number that the table lacks.
        """
        if shape.key is None:
            return self._by_name.get(shape.name)
        if not shape.key.isdigit() or int(shape.key) not in self._by_number:
            raise AtlasError(
                f"{shape.key!r} ({shape.name}) is not a number of ISO 3166-1: data/countries.tsv has no line"
            )
        return self._by_number[int(shape.key)]

    def get_by_number(self, numeric: int) -> Country:
        """Return the country with a number of ISO 3166-1."""
        return self._by_number[numeric]


def read_state_codes() -> dict[str, str]:
    """Return the ISO 3166-2 codes of the states by FIPS code."""
    return {row["fips"]: row["iso3166_2"] for row in _read_rows("states.tsv")}


def _read_rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
