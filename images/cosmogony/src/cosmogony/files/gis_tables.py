# SPDX-License-Identifier: Apache-2.0
"""GeoParquet and FlatGeobuf: the zones as a table for GIS programs and data frames."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from ..errors import CosmogonyError
from ..progress import Progress
from ..zones.zone import Zone
from .formats import Format
from .records import RecordMaker

_CHUNK = 1024  # zones in an Arrow table
_LIBRARIES = {Format.PARQUET: ["pyarrow"], Format.FLATGEOBUF: ["pyogrio", "pyarrow"]}
_GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["MultiPolygon"], "orientation": "counterclockwise"}},
}


@dataclass(slots=True, frozen=True)
class _Column:
    """A column of the GeoParquet or FlatGeobuf table: its name, type, and value for a zone."""

    name: str
    type: str  # alias of an Arrow type, such as int64
    value: Callable[[Zone, RecordMaker], Any]


_COLUMNS = (
    _Column("id", "int64", lambda zone, _: zone.index),
    _Column("osm_id", "string", lambda zone, _: zone.osm_id),
    _Column("admin_level", "int32", lambda zone, _: zone.level),
    _Column("zone_type", "string", lambda zone, _: zone.type_name),
    _Column("name", "string", lambda zone, _: zone.name),
    _Column("label", "string", lambda zone, records: records.make_local_label(zone)),
    _Column("international_labels", "string", lambda zone, records: _encode(records.make_international_labels(zone))),
    _Column("zip_codes", "string", lambda zone, _: ";".join(zone.zip_codes)),
    _Column("parent", "int64", lambda zone, _: zone.parent),
    _Column("wikidata", "string", lambda zone, _: zone.wikidata),
    _Column("country_code", "string", lambda zone, _: zone.country),
    _Column("is_generated", "bool", lambda zone, _: zone.generated),
    _Column("center_lon", "float64", lambda zone, _: zone.centre_point and zone.centre_point[0]),
    _Column("center_lat", "float64", lambda zone, _: zone.centre_point and zone.centre_point[1]),
    _Column("tags", "string", lambda zone, _: _encode(zone.tags)),
)


def _encode(values: dict[str, str]) -> str:
    return orjson.dumps(values).decode()


def require_format_libraries(form: Format) -> None:
    """Raise an error unless the libraries that write a format are installed.

    Raises:
        CosmogonyError: one of them is missing.
    """
    for library in _LIBRARIES[form]:
        try:
            importlib.import_module(library)
        except ImportError as error:
            raise CosmogonyError(
                f"{form.value} output needs {library}, which is not installed: pip install 'cosmogony[formats]'"
            ) from error


def write_zone_table(path: Path, form: Format, zones: Sequence[Zone], records: RecordMaker, progress: Progress) -> None:
    """Write zones to a GeoParquet or FlatGeobuf file; FlatGeobuf leaves out zones without geometry."""
    import pyarrow as pa

    fields = [pa.field(column.name, pa.type_for_alias(column.type)) for column in _COLUMNS]
    schema = pa.schema([*fields, pa.field("geometry", pa.binary())], metadata={"geo": json.dumps(_GEO)})
    if form is Format.PARQUET:
        import pyarrow.parquet as pq

        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for table in _make_tables(zones, records, schema, progress):
                writer.write_table(table)
    else:
        shaped = [zone for zone in zones if zone.has_geometry]
        _write_flatgeobuf(
            path, pa.concat_tables([schema.empty_table(), *_make_tables(shaped, records, schema, progress)])
        )


def _make_tables(zones: Sequence[Zone], records: RecordMaker, schema: Any, progress: Progress) -> Iterator[Any]:
    """Yield Arrow tables of `_CHUNK` zones each, with geometries as WKB."""
    import pyarrow as pa

    for begin in range(0, len(zones), _CHUNK):
        chunk = zones[begin : begin + _CHUNK]
        columns = {column.name: [column.value(zone, records) for zone in chunk] for column in _COLUMNS}
        geometries = shapely.to_wkb(np.array([records.build_shape(zone) for zone in chunk], dtype=object))
        yield pa.table({**columns, "geometry": list(geometries)}, schema=schema)
        progress("writing zones", begin + len(chunk), len(zones))


def _write_flatgeobuf(path: Path, table: Any) -> None:
    from pyogrio.raw import write_arrow

    # GDAL only writes files that end in .fgb, so the file is renamed to `path` afterwards
    target = path.with_name(path.name + ".fgb")
    try:
        write_arrow(
            table,
            str(target),
            layer="zones",
            driver="FlatGeobuf",
            geometry_name="geometry",
            geometry_type="MultiPolygon",
            crs="EPSG:4326",
        )
        target.replace(path)
    finally:
        target.unlink(missing_ok=True)
