# SPDX-License-Identifier: Apache-2.0
"""GeoParquet and FlatGeobuf: the zones as a table for GIS programs and data frames."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import shapely

from ..errors import CosmogonyError
from ..progress import Progress
from ..zones.zone import Zone
from .formats import Format
from .records import Records

_CHUNK = 1024
_NEEDS = {Format.PARQUET: "pyarrow", Format.FLATGEOBUF: "pyogrio"}
_GEO = {
    "version": "1.1.0",
    "primary_column": "geometry",
    "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["MultiPolygon"], "orientation": "counterclockwise"}},
}

# column, type in Arrow
_COLUMNS = (
    ("id", "int64"),
    ("osm_id", "string"),
    ("admin_level", "int32"),
    ("zone_type", "string"),
    ("name", "string"),
    ("label", "string"),
    ("international_labels", "string"),
    ("zip_codes", "string"),
    ("parent", "int64"),
    ("wikidata", "string"),
    ("country_code", "string"),
    ("is_generated", "bool"),
    ("center_lon", "float64"),
    ("center_lat", "float64"),
    ("tags", "string"),
)


def require_library(form: Format) -> None:
    """Check that the library of a format is installed.

    Raises:
        CosmogonyError: it is not.
    """
    module = _NEEDS[form]
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise CosmogonyError(
            f"{form.value} output needs {module}, which is not installed: pip install 'cosmogony[formats]'"
        ) from error


def write_table(path: Path, form: Format, zones: Sequence[Zone], records: Records, progress: Progress) -> None:
    """Write zones as a table; FlatGeobuf cannot hold those without geometry, they are left out there."""
    if form is Format.PARQUET:
        _write_parquet(path, zones, records, progress)
    else:
        _write_flatgeobuf(path, [zone for zone in zones if zone.has_geometry], records, progress)


def _rows(zones: Sequence[Zone], records: Records, progress: Progress) -> Iterator[tuple[dict[str, list[Any]], Any]]:
    """Yield columns and geometries (WKB) of some zones at a time."""
    for at in range(0, len(zones), _CHUNK):
        chunk = zones[at : at + _CHUNK]
        columns: dict[str, list[Any]] = {name: [] for name, _ in _COLUMNS}
        for zone in chunk:
            for name, value in _row(zone, records).items():
                columns[name].append(value)
        yield columns, shapely.to_wkb([records.shape(zone) for zone in chunk])
        progress("writing zones", at + len(chunk), len(zones))


def _row(zone: Zone, records: Records) -> dict[str, Any]:
    lon, lat = zone.centre_point or (None, None)
    return {
        "id": zone.index,
        "osm_id": zone.osm_id,
        "admin_level": zone.level,
        "zone_type": zone.type_word,
        "name": zone.name,
        "label": records.label(zone),
        "international_labels": orjson.dumps(records.international_labels(zone)).decode(),
        "zip_codes": ";".join(zone.zip_codes),
        "parent": zone.parent,
        "wikidata": zone.wikidata,
        "country_code": zone.country,
        "is_generated": zone.generated,
        "center_lon": lon,
        "center_lat": lat,
        "tags": orjson.dumps(zone.tags).decode(),
    }


def _write_parquet(path: Path, zones: Sequence[Zone], records: Records, progress: Progress) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [pa.field(name, pa.type_for_alias(kind)) for name, kind in _COLUMNS]
    schema = pa.schema([*fields, pa.field("geometry", pa.binary())], metadata={"geo": json.dumps(_GEO)})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for columns, geometries in _rows(zones, records, progress):
            writer.write_table(pa.table({**columns, "geometry": list(geometries)}, schema=schema))


def _write_flatgeobuf(path: Path, zones: Sequence[Zone], records: Records, progress: Progress) -> None:
    from pyogrio.raw import write as write_layer

    columns: dict[str, list[Any]] = {name: [] for name, _ in _COLUMNS}
    geometries: list[Any] = []
    for chunk, shapes in _rows(zones, records, progress):
        for name, values in chunk.items():
            columns[name] += values
        geometries += list(shapes)
    # the driver wants its own file ending; the caller gives the file its name
    target = path.with_name(path.name + ".fgb")
    try:
        write_layer(
            str(target),
            geometry=np.array(geometries, dtype=object),
            field_data=[_array(columns[name], kind) for name, kind in _COLUMNS],
            fields=[name for name, _ in _COLUMNS],
            field_mask=[np.array([v is None for v in columns[name]]) for name, _ in _COLUMNS],
            geometry_type="MultiPolygon",
            crs="EPSG:4326",
            driver="FlatGeobuf",
            layer="zones",
        )
        target.replace(path)
    finally:
        target.unlink(missing_ok=True)


def _array(values: list[Any], kind: str) -> np.ndarray[Any, Any]:
    if kind == "string":
        return np.array(values, dtype=object)
    empty = 0 if kind != "float64" else np.nan
    return np.array([empty if v is None else v for v in values], dtype=kind)
