# SPDX-License-Identifier: Apache-2.0
"""Routes of one zone and of those above and below it, by its id, its OSM id and its Wikidata item."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from cosmogony_api import zone_details
from cosmogony_api.answers import NO_STORE, answer_v1_from_release
from cosmogony_api.context import get_database, record_release
from cosmogony_api.cursors import decode_cursor, encode_cursor
from cosmogony_api.database import Reader
from cosmogony_api.models import OsmId, ZoneId
from cosmogony_api.models_v1 import ListQuery, Relatives, WikidataId, ZoneDetails, ZoneList, ZoneQuery
from cosmogony_api.operations import declare_operation
from cosmogony_api.releases import SelectedRelease, select_prepared_release
from cosmogony_api.zone_details import RELATIVES, FindZone, ListZones, Page, View

blueprint = Blueprint("v1_zones", __name__)

_STATUSES = (404, 410, 501, 503)
_RELATIVES = f"<any({', '.join(RELATIVES)}):relatives>"


@blueprint.get("/v1/zones/<id>")
@declare_operation(ZoneDetails, 308, *_STATUSES, from_release=True)
def get_zone_by_id(id: ZoneId, query: ZoneQuery) -> Response:
    """Return a zone of the live release.

    An id means something in one release only: with `release` the answer is a redirect to the address of the same zone
    by its OSM id, which later releases have, too.
    """
    return _redirect(id, query) if query.release else _answer_zone(zone_details.find_by_id, id, query)


@blueprint.get(f"/v1/zones/<id>/{_RELATIVES}")
@declare_operation(ZoneList, 308, *_STATUSES, from_release=True)
def list_relatives_by_id(id: ZoneId, relatives: Relatives, query: ListQuery) -> Response:
    """List zones above or below a zone of the live release.

    With `release` the answer is a redirect, as that of the zone itself.
    """
    if query.release:
        return _redirect(id, query)
    return _answer_list(zone_details.find_by_id, id, query, RELATIVES[relatives])


@blueprint.get("/v1/zones/osm/<osm_id>")
@declare_operation(ZoneDetails, *_STATUSES, from_release=True)
def get_zone_by_osm_id(osm_id: OsmId, query: ZoneQuery) -> Response:
    """Return the zone of an OSM object."""
    return _answer_zone(zone_details.find_by_osm_id, osm_id, query)


@blueprint.get(f"/v1/zones/osm/<osm_id>/{_RELATIVES}")
@declare_operation(ZoneList, *_STATUSES, from_release=True)
def list_relatives_by_osm_id(osm_id: OsmId, relatives: Relatives, query: ListQuery) -> Response:
    """List zones above or below the zone of an OSM object."""
    return _answer_list(zone_details.find_by_osm_id, osm_id, query, RELATIVES[relatives])


@blueprint.get("/v1/zones/wikidata/<wikidata>")
@declare_operation(ZoneDetails, *_STATUSES, from_release=True)
def get_zone_by_wikidata(wikidata: WikidataId, query: ZoneQuery) -> Response:
    """Return the zone of a Wikidata item; of several the most important one."""
    return _answer_zone(zone_details.find_by_wikidata, wikidata, query)


@blueprint.get(f"/v1/zones/wikidata/<wikidata>/{_RELATIVES}")
@declare_operation(ZoneList, *_STATUSES, from_release=True)
def list_relatives_by_wikidata(wikidata: WikidataId, relatives: Relatives, query: ListQuery) -> Response:
    """List zones above or below the zone of a Wikidata item."""
    return _answer_list(zone_details.find_by_wikidata, wikidata, query, RELATIVES[relatives])


def _answer_zone(find: FindZone, key: str, query: ZoneQuery) -> Response:
    def read(connection: Reader) -> tuple[SelectedRelease, ZoneDetails]:
        release = record_release(select_prepared_release(connection, query.release))
        return release, _find(connection, View.from_query(release, query), find, key)

    release, zone = get_database().read(read)
    return answer_v1_from_release(zone, release)


def _answer_list(find: FindZone, key: str, query: ListQuery, list_zones: ListZones) -> Response:
    after = decode_cursor(query.cursor) if query.cursor else None
    if after and query.release not in (None, after.release):
        raise BadRequest("Parameters release and cursor are of two releases")
    page = Page(query.type, query.limit, after)

    def read(connection: Reader) -> tuple[SelectedRelease, ZoneList]:
        named = after.release if after else query.release
        release = record_release(select_prepared_release(connection, named))
        view = View.from_query(release, query)
        zone = _find(connection, View(release), find, key)
        zones, following = list_zones(connection, view, zone.id, page)
        return release, ZoneList(release.id or "", zones, encode_cursor(following) if following else None)

    release, found = get_database().read(read)
    return answer_v1_from_release(found, release)


def _redirect(id: str, query: ZoneQuery) -> Response:
    def read(connection: Reader) -> ZoneDetails:
        release = record_release(select_prepared_release(connection, query.release))
        return _find(connection, View(release), zone_details.find_by_id, id)

    zone = get_database().read(read)
    if zone.osm_id is None:
        raise NotFound(f"Zone {id} has no OSM id")
    rest = request.path.removeprefix(f"/v1/zones/{id}")
    others = urlencode([(name, value) for name, value in parse_qsl(request.query_string.decode()) if name != "release"])
    target = f"/v1/zones/osm/{quote(zone.osm_id, safe=':')}{rest}{'?' if others else ''}{others}"
    response = Response(status=308, headers={"Location": target, "Cache-Control": NO_STORE})
    del response.headers["Content-Type"]
    return response


def _find(connection: Reader, view: View, find: FindZone, key: str) -> ZoneDetails:
    zone = find(connection, view, key)
    if zone is None:
        raise NotFound(f"Release {view.release.id} has no zone {key}")
    return zone
