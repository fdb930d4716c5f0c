# SPDX-License-Identifier: Apache-2.0
"""Types of the JSON answers and of the URLs' parameters; openapi.json is made from them.

Documents of the pipeline are passed on as stored. Their schemas come from the types that wrote them
(docs/reference/schemas).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

COMPONENTS = "#/components/schemas/"

ExpectedCount: TypeAlias = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": f"{COMPONENTS}ExpectedCount"})]
GateReport: TypeAlias = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": f"{COMPONENTS}GateReport"})]
Manifest: TypeAlias = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": f"{COMPONENTS}Manifest"})]

Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]
ReleaseId: TypeAlias = Annotated[
    str, Meta(description="Id of a release", extra_json_schema={"examples": ["20261122t221000-3f9ab2c1"]})
]
ZoneId: TypeAlias = Annotated[
    str, Meta(description="Id of the zone in its release (digits)", extra_json_schema={"pattern": "^[0-9]+$"})
]
OsmId: TypeAlias = Annotated[
    str, Meta(description="Kind and number of the OSM object", extra_json_schema={"examples": ["relation:48"]})
]
Bounds: TypeAlias = Annotated[
    list[float],
    Meta(
        min_length=4,
        max_length=4,
        description="West, south, east, north in degrees; -180 to 180 when a zone crosses the antimeridian",
    ),
]


class Answer(Struct, forbid_unknown_fields=True):
    """Base of all answers: a JSON object with exactly the fields of the class, in their order."""


class Message(Answer):
    """The answer to a request that failed: why it failed."""

    message: str


class Geometry(Answer):
    """A bounding box as GeoJSON: Polygon (ring SW, NW, NE, SE, SW); Point or LineString if the zone has no area."""

    type: Literal["Polygon", "LineString", "Point"]
    coordinates: list[Any]


class Zone(Answer):
    """A zone, without its geometry."""

    id: Annotated[int, Meta(description="Number of the zone in its release; another release may use it otherwise")]
    name: str | None
    parent: Annotated[int | None, Meta(description="Id of the zone that contains it")]
    zone_type: Annotated[str | None, Meta(examples=["country", "state", "city"])]
    osm_id: Annotated[str | None, Meta(examples=["relation:900041"])]
    osm_link: Annotated[str | None, Meta(description="Page of the object at openstreetmap.org")]
    wikidata: Annotated[str | None, Meta(examples=["Q900041"])]
    admin_level: int | None
    nb_children: Annotated[int, Meta(ge=0, description="Number of direct children")]


class ZoneWithBbox(Zone):
    """A zone with its bounding box."""

    bbox: Annotated[
        Geometry | None,
        Meta(
            description="Bounding box in longitude and latitude; across the antimeridian its eastern side has "
            "longitudes above 180; null without a geometry"
        ),
    ]


class ZoneWithChildren(Answer):
    """A zone and its direct children."""

    zone: ZoneWithBbox
    children: list[Zone]


class ZoneWithParents(Answer):
    """A zone and its parents, nearest first."""

    zone: ZoneWithBbox
    parents: list[Zone]


class LiveReleaseDetails(Answer):
    """The live release: the one that is answered from unless a request names another."""

    id: str
    inputs_digest: str | None
    published_at: Moment | None
    zones: int | None
    bounds: Bounds | None
    manifest: Annotated[
        Manifest | None,
        Meta(
            description="What the release was made of: sources with digests and dates, counts, versions. The tables of "
            "what was left out or repaired stay in the stored manifest. Of URLs inside the operator's network, and of "
            "image references, only the last part is shown"
        ),
    ]


class Release(Answer):
    """A kept release as the API lists it: its state, times, number of zones and gate report."""

    id: str
    inputs_digest: str | None
    state: Literal["loaded", "published", "retired"]
    live: bool
    created: Moment
    published_at: Moment | None
    zones: int | None
    gate: Annotated[
        GateReport | None,
        Meta(description="What was checked before it was published: verdict, findings, notes, limits and figures"),
    ]
    override: Annotated[str | None, Meta(description="Why it was published although the gate had findings")]


class Releases(Answer):
    """The kept releases, newest first."""

    releases: list[Release]


class VectorLayer(Answer):
    """A layer of the vector tiles."""

    id: str
    description: str
    minzoom: int
    maxzoom: int
    fields: dict[str, str]


class TileJson(Answer, kw_only=True):
    """TileJSON 2.0.0 of the tiles of a release."""

    tilejson: Literal["2.0.0"] = "2.0.0"
    id: str = "cosmogony"
    name: str = "cosmogony"
    description: str = "cosmogony"
    basename: str = "cosmogony"
    attribution: Annotated[str, Meta(description="HTML: names, with links to their pages")]
    format: Literal["pbf"] = "pbf"
    scheme: Literal["xyz"] = "xyz"
    tiles: Annotated[list[str], Meta(min_length=1)]
    minzoom: int
    maxzoom: int
    bounds: Bounds
    center: Annotated[list[float], Meta(min_length=3, max_length=3, description="Longitude, latitude, zoom")]
    vector_layers: list[VectorLayer]
    release: str | UnsetType = UNSET


class Alive(Answer):
    """Answer to the liveness probe: the process runs."""

    status: Literal["alive"] = "alive"


class Ready(Answer, kw_only=True):
    """Answer to the readiness probe: the database answers."""

    status: Literal["ready"] = "ready"
    release: Annotated[str | None, Meta(description="Id of the live release; null before the first publish")]


class ReleaseQuery(Struct):
    """Query string of the routes that can answer from a kept release."""

    v: Annotated[
        str,
        Meta(
            description="Id of a kept release to answer from; the live one without it. Text that cannot be an id is "
            "ignored."
        ),
    ] = ""


class ReleaseCheckQuery(Struct):
    """Query string of the route that says whether a release is kept or live."""

    live: Annotated[str | UnsetType, Meta(description="Ask whether it is the live one")] = UNSET
