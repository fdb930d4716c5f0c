# SPDX-License-Identifier: Apache-2.0
"""Routes of a zone with its children or parents, by its id in a release and by its OSM id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from cosmogony_api.answers import answer_from_release
from cosmogony_api.context import get_database, record_release
from cosmogony_api.database import Reader
from cosmogony_api.models import OsmId, ReleaseQuery, ZoneId, ZoneWithBbox, ZoneWithChildren, ZoneWithParents
from cosmogony_api.operations import declare_operation
from cosmogony_api.releases import SelectedRelease, parse_release_id, select_release
from cosmogony_api.zones import find_zone, find_zone_by_osm_id, list_ancestors, list_children

blueprint = Blueprint("zones", __name__)

FamilyT = TypeVar("FamilyT", ZoneWithChildren, ZoneWithParents)
FindZone: TypeAlias = Callable[[Reader, SelectedRelease, str], ZoneWithBbox | None]
ReadFamily: TypeAlias = Callable[[Reader, SelectedRelease, ZoneWithBbox], FamilyT]


@blueprint.get("/zones/<id>")
@declare_operation(ZoneWithChildren, 404, 503, from_release=True)
def get_zone(id: ZoneId, query: ReleaseQuery) -> Response:
    """Return a zone and its direct children."""
    return _answer(find_zone, id, query, _read_children)


@blueprint.get("/zones/<id>/parents")
@declare_operation(ZoneWithParents, 404, 503, from_release=True)
def get_zone_parents(id: ZoneId, query: ReleaseQuery) -> Response:
    """Return a zone and its parents, nearest first."""
    return _answer(find_zone, id, query, _read_parents)


@blueprint.get("/zones/osm/<osm_id>")
@declare_operation(ZoneWithChildren, 404, 503, from_release=True)
def get_osm_zone(osm_id: OsmId, query: ReleaseQuery) -> Response:
    """Return the zone of an OSM object and its direct children.

    Of several zones of one object the one with a geometry, then the one with the smallest id.
    """
    return _answer(find_zone_by_osm_id, osm_id, query, _read_children)


@blueprint.get("/zones/osm/<osm_id>/parents")
@declare_operation(ZoneWithParents, 404, 503, from_release=True)
def get_osm_zone_parents(osm_id: OsmId, query: ReleaseQuery) -> Response:
    """Return the zone of an OSM object and its parents, nearest first."""
    return _answer(find_zone_by_osm_id, osm_id, query, _read_parents)


def _read_children(connection: Reader, release: SelectedRelease, zone: ZoneWithBbox) -> ZoneWithChildren:
    return ZoneWithChildren(zone=zone, children=list_children(connection, release, zone))


def _read_parents(connection: Reader, release: SelectedRelease, zone: ZoneWithBbox) -> ZoneWithParents:
    return ZoneWithParents(zone=zone, parents=list_ancestors(connection, release, zone))


def _answer(find: FindZone, key: str, query: ReleaseQuery, read_family: ReadFamily[FamilyT]) -> Response:
    def read(connection: Reader) -> tuple[SelectedRelease, FamilyT]:
        release = record_release(select_release(connection, parse_release_id(query.v)))
        zone = find(connection, release, key)
        if zone is None:
            raise NotFound
        return release, read_family(connection, release, zone)

    release, family = get_database().read(read)
    return answer_from_release(family, release)
