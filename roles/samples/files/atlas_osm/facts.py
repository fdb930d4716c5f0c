# SPDX-License-Identifier: Apache-2.0
"""What the atlases do not say about countries and states: the tables in data/, whose README names their sources."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from .errors import AtlasError
from .topojson import Shape

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Country:
    numeric: int | None
    alpha2: str
    admin_level: int
    wikidata: str
    name: str

    def tags(self) -> dict[str, str]:
        made = {"ISO3166-1": self.alpha2, "ISO3166-1:alpha2": self.alpha2}
        if self.numeric is not None:
            made["ISO3166-1:numeric"] = f"{self.numeric:03}"
        if self.wikidata:
            made["wikidata"] = self.wikidata
        return made


class Countries:
    """Countries by what an atlas knows of them: the number of ISO 3166-1, else the name."""

    def __init__(self) -> None:
        rows = [
            Country(
                int(row["numeric"]) if row["numeric"] else None,
                row["alpha2"],
                int(row["admin_level"]),
                row["wikidata"],
                row["name"],
            )
            for row in _rows("countries.tsv")
        ]
        self._by_number = {row.numeric: row for row in rows if row.numeric is not None}
        self._by_name = {row.name: row for row in rows if row.numeric is None}

    def of(self, shape: Shape) -> Country | None:
        """Nothing for a shape without a number that the table does not name: it has no ISO code."""
        if shape.key is None:
            return self._by_name.get(shape.name)
        if not shape.key.isdigit() or int(shape.key) not in self._by_number:
            raise AtlasError(f"{shape.key!r} ({shape.name}) is no number of ISO 3166-1: data/countries.tsv has no line")
        return self._by_number[int(shape.key)]

    def number(self, numeric: int) -> Country:
        return self._by_number[numeric]


def states() -> dict[str, str]:
    """ISO 3166-2 codes of the states by FIPS code."""
    return {row["fips"]: row["iso3166_2"] for row in _rows("states.tsv")}


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
