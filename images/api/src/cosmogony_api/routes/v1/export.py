# SPDX-License-Identifier: Apache-2.0
"""The route that exports many zones."""

from __future__ import annotations

from flask import Blueprint, Response

from cosmogony_api.context import get_settings
from cosmogony_api.export import GEOJSON_TYPE, GEOJSONSEQ_TYPE, TYPES, Export, take_slot
from cosmogony_api.models_v1 import ExportQuery, FeatureCollection
from cosmogony_api.operations import declare_operation
from cosmogony_api.streaming import LongRead
from cosmogony_api.tables import CSV_TYPE
from cosmogony_api.zone_details import View

blueprint = Blueprint("v1_export", __name__)


@blueprint.get("/v1/export")
@declare_operation(
    FeatureCollection, 404, 410, 413, 501, 503, from_release=True, media=(GEOJSON_TYPE, GEOJSONSEQ_TYPE, CSV_TYPE)
)
def export_zones(query: ExportQuery) -> Response:
    """Export the zones of a country, of some types or below a zone.

    At least one of these is needed; of several, zones must fit all.
    """
    settings = get_settings()
    reading = LongRead(query.release)
    with reading.closing_on_error():
        take_slot(reading.connection, settings.exports_at_once)
        view = View.from_query(reading.release, query, *(() if query.format == "csv" else ("geometry",)))
        export = Export(reading.connection, view, query, settings.export_max_zones)
    response = reading.answer(export.write(), TYPES[query.format])
    suffix = "csv" if query.format == "csv" else "geojson"
    response.headers["Content-Disposition"] = f'attachment; filename="zones-{reading.release.id}.{suffix}"'
    return response
