# SPDX-License-Identifier: Apache-2.0
"""Zones by their id in a release and by their OSM id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from cosmogony_api import releases, zones
from cosmogony_api.answers import from_release
from cosmogony_api.context import database, remember
from cosmogony_api.database import Reader
from cosmogony_api.errors import NotFoundError
from cosmogony_api.releases import Release

blueprint = Blueprint("zones", __name__)

Finder = Callable[[Reader, Release, str], dict[str, Any] | None]
Lister = Callable[[Reader, Release, dict[str, Any]], list[dict[str, Any]]]


@blueprint.get("/zones/<zone_id>")
def zone(zone_id: str) -> Response:
    """Answer one zone with its direct children."""
    return _answer(zones.by_id, zone_id, "children", zones.children)


@blueprint.get("/zones/<zone_id>/parents")
def zone_parents(zone_id: str) -> Response:
    """Answer one zone with its parents, nearest first."""
    return _answer(zones.by_id, zone_id, "parents", zones.parents)


@blueprint.get("/v1/zones/osm/<osm_id>")
def osm_zone(osm_id: str) -> Response:
    """Answer the zone of an OSM object with its direct children."""
    return _answer(zones.by_osm_id, osm_id, "children", zones.children)


@blueprint.get("/v1/zones/osm/<osm_id>/parents")
def osm_zone_parents(osm_id: str) -> Response:
    """Answer the zone of an OSM object with its parents, nearest first."""
    return _answer(zones.by_osm_id, osm_id, "parents", zones.parents)


def _answer(find: Finder, key: str, relation: str, relatives: Lister) -> Response:
    wanted = releases.wanted_id(request.args.get("v"))

    def work(connection: Reader) -> tuple[Release, dict[str, Any]]:
        release = remember(releases.resolve(connection, wanted))
        found = find(connection, release, key)
        if found is None:
            raise NotFoundError(key)
        return release, {"zone": found, relation: relatives(connection, release, found)}

    release, payload = database().read(work)
    return from_release(payload, release)
