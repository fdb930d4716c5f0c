# SPDX-License-Identifier: Apache-2.0
"""Routes that find the zones of points: one, or a batch."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from cosmogony_api import points, reverse
from cosmogony_api.answers import answer_v1_from_release
from cosmogony_api.context import get_database, record_release
from cosmogony_api.database import Reader
from cosmogony_api.models_v1 import FoundZones, PointBatch, ReverseOptions, ReverseQuery, ZonesOfPoints
from cosmogony_api.operations import JSON_TYPE, declare_operation
from cosmogony_api.releases import SelectedRelease, select_prepared_release
from cosmogony_api.streaming import LongRead
from cosmogony_api.tables import CSV_TYPE
from cosmogony_api.zone_details import View

blueprint = Blueprint("v1_reverse", __name__)


@blueprint.get("/v1/reverse")
@declare_operation(FoundZones, 404, 410, 501, 503, from_release=True)
def find_zones_of_point(query: ReverseQuery) -> Response:
    """List all zones that hold a point, smallest first."""

    def read(connection: Reader) -> tuple[SelectedRelease, FoundZones]:
        release = record_release(select_prepared_release(connection, query.release))
        view = View.from_query(release, query)
        return release, FoundZones(release.id or "", reverse.find_zones(connection, view, query.lon, query.lat, query))

    release, found = get_database().read(read)
    return answer_v1_from_release(found, release)


@blueprint.post("/v1/reverse")
@declare_operation(
    ZonesOfPoints, 404, 410, 413, 415, 501, 503, from_release=True, media=(JSON_TYPE, CSV_TYPE), body=PointBatch
)
def find_zones_of_batch(query: ReverseOptions) -> Response:
    """List all zones that hold each of up to 10,000 points, in the order of the points.

    The body is JSON, or CSV whose first line names the columns lat and lon; the answer is of the same type. In CSV each
    zone of a point has a line, and a point without zones one, too.
    """
    if request.mimetype not in (JSON_TYPE, CSV_TYPE):
        raise UnsupportedMediaType(f"Content-Type must be {JSON_TYPE} or {CSV_TYPE}")
    is_csv = request.mimetype == CSV_TYPE
    batch = (points.parse_csv_points if is_csv else points.parse_json_points)(request.get_data(cache=False))
    reading = LongRead(query.release)
    find = points.stream_zones_as_csv if is_csv else points.stream_zones_as_json
    view = View.from_query(reading.release, query)
    return reading.answer(find(reading.connection, view, batch, query), request.mimetype)
