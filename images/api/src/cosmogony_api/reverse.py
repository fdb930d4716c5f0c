# SPDX-License-Identifier: Apache-2.0
"""Which zones hold a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg import sql

from cosmogony_api.database import Reader
from cosmogony_api.models_v1 import FoundZone, ReverseOptions
from cosmogony_api.zone_details import View, ZoneRowFactory

INPUT_DECIMALS = 12  # of degrees and metres; the data are coarser

_FOUND = sql.SQL("""
select {columns}, found.distance, found.point
from {reverse}(%(lon)s, %(lat)s, %(types)s, %(nearest)s) with ordinality as found (point, zone_id, distance, place)
join {zones} z on z.id = found.zone_id order by found.place
""")
_PLACES = sql.SQL("select point, zone_id, distance from {reverse}(%(lon)s, %(lat)s, %(types)s, %(nearest)s)")
_ZONES = sql.SQL("select {columns} from {zones} z where z.id = any (%(ids)s)")


def find_zones(connection: Reader, view: View, lon: float, lat: float, options: ReverseOptions) -> list[FoundZone]:
    """Return the zones that hold a point, smallest first."""
    query = view.compose(_FOUND, reverse=view.release.qualify_table("reverse"))
    with connection.cursor(row_factory=ZoneRowFactory(FoundZone)) as cursor:
        return cursor.execute(query, {**view.parameters, **_to_values([lon], [lat], options)}).fetchall()


def find_zones_of_points(
    connection: Reader, view: View, lons: Sequence[float], lats: Sequence[float], options: ReverseOptions
) -> list[list[FoundZone]]:
    """Return the zones that hold each of some points, in their order. Zones of several points are read once."""
    query = _PLACES.format(reverse=view.release.qualify_table("reverse"))
    with connection.cursor(row_factory=lambda _: tuple) as cursor:
        places = cursor.execute(query, _to_values(lons, lats, options)).fetchall()
    ids = list({zone for _, zone, _ in places})
    with connection.cursor(row_factory=ZoneRowFactory(_Undistanced)) as cursor:
        zones = {zone.id: zone for zone in cursor.execute(view.compose(_ZONES), {**view.parameters, "ids": ids})}
    found: list[list[FoundZone]] = [[] for _ in lons]
    for point, zone_id, distance in places:
        zone = zones[zone_id]
        found[point - 1].append(zone if distance == 0 else msgspec.structs.replace(zone, distance=distance))
    return found


class _Undistanced(FoundZone, kw_only=True):
    distance: float = 0


def round_degrees(value: float) -> float:
    """Return degrees as the database takes them: it refuses to compute with numbers next to 0 ("underflow")."""
    return round(value, INPUT_DECIMALS)


def _to_values(lons: Sequence[float], lats: Sequence[float], options: ReverseOptions) -> dict[str, Any]:
    return {
        "lon": list(map(round_degrees, lons)),
        "lat": list(map(round_degrees, lats)),
        "types": options.type or None,
        "nearest": round(options.nearest, INPUT_DECIMALS),
    }
