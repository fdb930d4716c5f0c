# SPDX-License-Identifier: Apache-2.0
"""Zones by name: whole, begun or misspelt, in any language."""

from __future__ import annotations

from psycopg import sql

from cosmogony_api.database import Reader
from cosmogony_api.models_v1 import SearchedZone, SearchQuery
from cosmogony_api.reverse import round_degrees
from cosmogony_api.zone_details import View, fetch_zones

_SEARCH = sql.SQL("""
select {columns}, found.score, found.match
from {search}(%(q)s, %(limit)s, %(types)s, %(countries)s, %(lon)s, %(lat)s)
     with ordinality as found (zone_id, score, match, place)
join {zones} z on z.id = found.zone_id order by found.place
""")


def search_zones(connection: Reader, view: View, query: SearchQuery) -> list[SearchedZone]:
    """Return the zones whose names fit a text, best first."""
    lat, lon = map(round_degrees, query.near) if query.near else (None, None)
    values = {
        "q": query.q,
        "limit": query.limit,
        "types": query.type or None,
        "countries": [query.country.upper()] if query.country else None,
        "lon": lon,
        "lat": lat,
    }
    composed = view.compose(_SEARCH, search=view.release.qualify_table("search"))
    return fetch_zones(connection, view, composed, values, SearchedZone)
