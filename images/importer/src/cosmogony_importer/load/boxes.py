# SPDX-License-Identifier: Apache-2.0
"""Bounding boxes of zones, read from the records and stored in a separate table.

A box is west, south, east, north in degrees; west is greater than east across the antimeridian. If a record has no box,
the database computes it (sql/functions/boxes.sql).
"""

from __future__ import annotations

from array import array
from typing import Any

import psycopg

Box = tuple[float, float, float, float]  # west, south, east, north in degrees


def read_box(record: dict[str, Any]) -> Box | None:
    """Return the bounding box of a record of a zone; None if it is missing or not in degrees."""
    found = record.get("bbox")
    if not isinstance(found, list) or len(found) != 4 or not all(isinstance(one, int | float) for one in found):
        return None
    west, south, east, north = found
    on_earth = -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90
    return (west, south, east, north) if on_earth else None


class BoxCollector:
    """Keeps boxes of zones in memory, 40 bytes each, until COPY of the zones ends: a connection runs one at a time."""

    def __init__(self) -> None:
        self._zones = array("q")
        self._degrees = array("d")
        self._missing = False

    def add(self, zone_id: int, box: Box | None) -> None:
        """Keep the box of a zone in memory; if it is None, `store_boxes` computes it."""
        if box is None:
            self._missing = True
            return
        self._zones.append(zone_id)
        self._degrees.extend(box)

    def store_boxes(self, connection: psycopg.Connection) -> None:
        """Fill the table zone_boxes of the first schema of the search path, whose table zones is complete."""
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY zone_boxes FROM STDIN (FORMAT BINARY, FREEZE)") as copy,
        ):
            copy.set_types(("int8", "float8", "float8", "float8", "float8"))
            for number, zone_id in enumerate(self._zones):
                copy.write_row((zone_id, *self._degrees[4 * number : 4 * number + 4]))
        if self._missing:
            connection.execute(
                "INSERT INTO zone_boxes SELECT zone.id, box.* "
                "FROM zones AS zone, LATERAL cosmogony_catalog.zone_box(zone.geometry) AS box "
                "WHERE NOT EXISTS (SELECT FROM zone_boxes AS known WHERE known.zone_id = zone.id)"
            )
