# SPDX-License-Identifier: Apache-2.0
"""The route that finds zones by name."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import BadRequest

from cosmogony_api.answers import answer_v1_from_release
from cosmogony_api.context import get_database, record_release
from cosmogony_api.database import Reader
from cosmogony_api.models_v1 import SearchedZones, SearchQuery
from cosmogony_api.operations import declare_operation
from cosmogony_api.releases import SelectedRelease, select_prepared_release
from cosmogony_api.search import search_zones
from cosmogony_api.zone_details import View

blueprint = Blueprint("v1_search", __name__)


@blueprint.get("/v1/search")
@declare_operation(SearchedZones, 404, 410, 501, 503, from_release=True)
def search(query: SearchQuery) -> Response:
    """Find zones by their name in any language: whole, begun or misspelt; the best ones first."""
    if query.near is not None:
        _check_place(query.near)

    def read(connection: Reader) -> tuple[SelectedRelease, SearchedZones]:
        release = record_release(select_prepared_release(connection, query.release))
        return release, SearchedZones(
            release.id or "", search_zones(connection, View.from_query(release, query), query)
        )

    release, found = get_database().read(read)
    return answer_v1_from_release(found, release)


def _check_place(near: list[float]) -> None:
    if len(near) != 2:
        raise BadRequest("Parameter near must be a latitude and a longitude, separated by a comma")
    lat, lon = near
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise BadRequest(f"Parameter near: {lat}, {lon} does not exist; latitude first, in degrees")
