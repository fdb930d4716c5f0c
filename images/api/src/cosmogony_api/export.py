# SPDX-License-Identifier: Apache-2.0
"""Exports of many zones as GeoJSON, GeoJSON text sequence or CSV, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw
from psycopg import sql
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge

from cosmogony_api.database import Reader
from cosmogony_api.errors import UnavailableError
from cosmogony_api.models_v1 import ExportQuery, ZoneDetails
from cosmogony_api.tables import CSV_TYPE, ZONE_FIELDS, format_rows, list_csv_values
from cosmogony_api.zone_details import SUBTREE, View, fetch_zones

GEOJSON_TYPE, GEOJSONSEQ_TYPE = "application/geo+json", "application/geo+json-seq"
TYPES = {"geojson": GEOJSON_TYPE, "geojsonseq": GEOJSONSEQ_TYPE, "csv": CSV_TYPE}
LOCK_CLASS = 0x636F736D  # of the advisory locks that count exports
BATCH_BYTES = 512 * 1024  # of stored geometry, which is compressed: zones that are read together
BATCH_ZONES = 1000

_SLOT = "select slot from generate_series(1, %s) as slot where pg_try_advisory_xact_lock(%s, slot) limit 1"
_COUNT = sql.SQL("select count(*) as zones from {zones} z where {members}")
_SIZES = sql.SQL("""
select z.id, coalesce(pg_column_size(z.geometry), 0) as size from {zones} z where {members} order by z.id
""")
_BATCH = sql.SQL("select {columns} from {zones} z where z.id = any (%(ids)s) order by z.id")
_ROOT = sql.SQL("select z.id from {zones} z where z.osm_id = %s")


def take_slot(connection: Reader, slots: int) -> None:
    """Count this transaction among the exports that run, until it ends.

    Raises:
        UnavailableError: as many are running as may.
    """
    if connection.execute(_SLOT, (slots, LOCK_CLASS)).fetchone() is None:
        raise UnavailableError(f"{slots} exports are running, which is as many as may", retry_after=30)


class Export:
    """The zones that a query selects from a release.

    Raises:
        BadRequest: the query selects nothing in particular.
        NotFound: the root of the subtree is not in the release.
        RequestEntityTooLarge: too many zones.
    """

    def __init__(self, connection: Reader, view: View, query: ExportQuery, max_zones: int) -> None:
        self._connection = connection
        self._view = view
        self._zones = view.release.qualify_table("zones")
        self._format = query.format
        self._members, self._values = self._select(query)
        count = _COUNT.format(zones=self._zones, members=self._members)
        row = connection.execute(count, self._values).fetchone()
        if row and row["zones"] > max_zones:
            raise RequestEntityTooLarge(
                f"These are {row['zones']} zones, and an export has at most {max_zones}; "
                "choose a country, types or a subtree"
            )

    def write(self) -> Iterator[bytes]:
        """Yield the export in its format."""
        if self._format == "csv":
            return self._write_csv()
        return self._write_sequence() if self._format == "geojsonseq" else self._write_collection()

    def _select(self, query: ExportQuery) -> tuple[sql.Composable, dict[str, Any]]:
        members: list[sql.Composable] = []
        values: dict[str, Any] = {}
        if query.country:
            members.append(sql.SQL("z.country_code = %(country)s"))
            values["country"] = query.country.upper()
        if query.type:
            members.append(sql.SQL("z.zone_type = any (%(types)s)"))
            values["types"] = query.type
        if query.subtree:
            root = self._connection.execute(_ROOT.format(zones=self._zones), (query.subtree,)).fetchone()
            if root is None:
                raise NotFound(f"The release has no zone {query.subtree}")
            members.append(sql.SQL("z.id in ({})").format(SUBTREE.format(zones=self._zones)))
            values["id"] = root["id"]
        if not members:
            raise BadRequest("Choose what to export: country, type or subtree")
        return sql.SQL(" and ").join(members), values

    def _read(self) -> Iterator[list[ZoneDetails]]:
        query = self._view.compose(_BATCH)
        for ids in self._list_batches():
            yield fetch_zones(self._connection, self._view, query, {"ids": ids}, ZoneDetails)

    def _list_batches(self) -> Iterator[list[int]]:
        """Yield ids of zones that fit into memory together; a cursor of the server has the rest."""
        sizes = _SIZES.format(zones=self._zones, members=self._members)
        with self._connection.cursor(name="export") as cursor:
            cursor.itersize = BATCH_ZONES
            ids: list[int] = []
            total = 0
            for row in cursor.execute(sizes, self._values):
                if ids and (total + row["size"] > BATCH_BYTES or len(ids) == BATCH_ZONES):
                    yield ids
                    ids, total = [], 0
                ids.append(row["id"])
                total += row["size"]
            if ids:
                yield ids

    def _write_collection(self) -> Iterator[bytes]:
        yield b'{"type":"FeatureCollection","release":' + msgspec.json.encode(self._view.release.id) + b',"features":['
        between = b"\n"
        for zones in self._read():
            yield between + b",\n".join(map(_to_feature, zones))
            between = b",\n"
        yield b"\n]}\n"

    def _write_sequence(self) -> Iterator[bytes]:
        for zones in self._read():
            yield b"".join(b"\x1e" + _to_feature(zone) + b"\n" for zone in zones)

    def _write_csv(self) -> Iterator[bytes]:
        extra = sorted(self._view.include)
        yield format_rows([[*ZONE_FIELDS, *extra]])
        for zones in self._read():
            yield format_rows(
                [*list_csv_values(zone), *(_to_value(getattr(zone, name)) for name in extra)] for zone in zones
            )


def _to_feature(zone: ZoneDetails) -> bytes:
    fields = msgspec.structs.asdict(zone)
    shape, bbox = fields.pop("geometry"), fields.pop("bbox")
    feature: dict[str, Any] = {"type": "Feature"}
    feature |= {name: value for name, value in (("id", zone.osm_id), ("bbox", bbox)) if value is not None}
    properties = {name: value for name, value in fields.items() if value is not msgspec.UNSET}
    return msgspec.json.encode(feature | {"properties": properties, "geometry": shape})


def _to_value(value: Any) -> Any:
    return bytes(value).decode() if isinstance(value, Raw) else value
