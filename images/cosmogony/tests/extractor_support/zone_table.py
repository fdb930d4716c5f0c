# SPDX-License-Identifier: Apache-2.0
"""Zones as a table that can be compared: `python zone_table.py FILE [EXPECTED.tsv]`.

One line for each zone with geometry. Areas are kept to four significant digits, since the last ones depend on the
geometry library. With a second file the differences are shown; the exit code is 1 when there are some.
"""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Any

from cosmogony.files.recordfile import read_records
from cosmogony.geometry import geojson

COLUMNS = (
    "osm_id",
    "zone_type",
    "admin_level",
    "name",
    "parent",
    "country_code",
    "label",
    "zip_codes",
    "labels",
    "wikidata",
    "center",
    "is_generated",
    "area",
)


def table(path: Path) -> list[str]:
    """Header and rows, sorted."""
    zones = [zone for zone in read_records(path) if zone is not None]
    osm_ids = {zone["id"]: zone["osm_id"] for zone in zones}
    rows = [_row(zone, osm_ids) for zone in zones if zone["geometry"] is not None]
    rows.sort(key=lambda row: (row[0], row[1], row[3]))
    return ["\t".join(row) for row in [list(COLUMNS), *rows]]


def _row(zone: dict[str, Any], osm_ids: dict[int, str]) -> list[str]:
    centre = zone["center"]
    return [
        zone["osm_id"],
        zone["zone_type"],
        str(zone["admin_level"] or ""),
        zone["name"],
        osm_ids.get(zone["parent"], ""),
        zone["country_code"] or "",
        zone["label"],
        ";".join(zone["zip_codes"]),
        str(len(zone["international_labels"])),
        zone["wikidata"] or "",
        f"{centre['coordinates'][0]:.6f},{centre['coordinates'][1]:.6f}" if centre else "",
        str(int(zone["is_generated"])),
        f"{geojson.measure_zones([(zone['osm_id'], geojson.parse_geometry(zone['geometry']))])[0].area:.4g}",
    ]


def differences(found: list[str], expected: list[str]) -> list[str]:
    """Lines that only one of two tables has."""
    compared = difflib.unified_diff(expected, found, "expected", "found", lineterm="", n=0)
    return [line for line in compared if not line.startswith("@@")]


def main(arguments: list[str]) -> int:
    found = table(Path(arguments[0]))
    if len(arguments) == 1:
        print("\n".join(found))
        return 0
    expected = Path(arguments[1]).read_text(encoding="utf-8").splitlines()
    lines = differences(found, expected)
    print("\n".join(lines) if lines else f"equal: {len(found) - 1} zones")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
