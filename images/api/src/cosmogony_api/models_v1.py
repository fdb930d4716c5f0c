# SPDX-License-Identifier: Apache-2.0
"""Types of the answers, bodies and queries under /v1; the OpenAPI document is made from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from cosmogony_api.models import COMPONENTS, Answer, Bounds, ExpectedCount, Manifest, Release

FindingRow: TypeAlias = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": f"{COMPONENTS}FindingRow"})]
RunSummary: TypeAlias = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": f"{COMPONENTS}RunSummary"})]

MAX_LIMIT = 1000
MAX_POINTS = 10_000
MAX_NEAREST_METRES = 100_000
MAX_SEARCH_RESULTS = 50

ZoneType: TypeAlias = Literal[
    "suburb", "city_district", "city", "state_district", "state", "country_region", "country", "non_administrative"
]
Longitude: TypeAlias = Annotated[float, Meta(ge=-180, le=180, description="Degrees")]
Latitude: TypeAlias = Annotated[float, Meta(ge=-90, le=90, description="Degrees")]
WikidataId: TypeAlias = Annotated[
    str,
    Meta(description="Id of the item at Wikidata", extra_json_schema={"examples": ["Q347"], "pattern": "^Q[0-9]+$"}),
]
Relatives: TypeAlias = Annotated[
    Literal["ancestors", "children", "descendants"],
    Meta(
        description="`ancestors`: the zones above, nearest first, always on one page; `children`: those directly "
        "below, sorted by name; `descendants`: those below at any depth, sorted by name"
    ),
]
Languages: TypeAlias = Annotated[
    list[Annotated[str, Meta(pattern="^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,4}$")]],
    Meta(
        max_length=10,
        description="Languages of names and labels, the preferred one first, separated by commas; `fr-CA` stands for "
        "`fr-CA`, then `fr`. Without it, and where the data has none of them, the local ones",
        examples=[["fr", "de"]],
    ),
]
ReleaseParameter: TypeAlias = Annotated[
    str,
    Meta(description="Id of a kept release to answer from; the live one without it", min_length=1, max_length=60),
]
Types: TypeAlias = Annotated[list[ZoneType], Meta(description="Only zones of these types, separated by commas")]
Country: TypeAlias = Annotated[
    str, Meta(pattern="^[A-Za-z]{2}$", description="Only zones of this country (ISO 3166-1 alpha-2)", examples=["LI"])
]
Include: TypeAlias = Annotated[
    list[Literal["names", "population", "zip_codes", "geometry"]],
    Meta(description="What a zone has in addition, separated by commas"),
]
Zoom: TypeAlias = Annotated[
    int, Meta(ge=0, le=20, description="Simplify the geometry to what a map shows at this zoom; without it, all of it")
]
Cursor: TypeAlias = Annotated[
    str, Meta(max_length=2000, description="`next` of the previous page; the page is of the same release")
]
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_LIMIT, description="Zones of a page")]


ZoneBounds: TypeAlias = Annotated[
    Annotated[list[float], Meta(min_length=4, max_length=4)] | None,
    Meta(description="West, south, east, north in degrees; west is greater than east across the antimeridian"),
]


class Problem(Answer):
    """The answer to a request that failed (RFC 9457)."""

    type: Literal["about:blank"]
    title: Annotated[str, Meta(description="The phrase of the status")]
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: Annotated[str, Meta(description="What is wrong with this request, and what helps")]


class ZoneDetails(Answer, kw_only=True):
    """A zone of a release."""

    id: Annotated[int, Meta(description="Number of the zone in its release; another release may use it otherwise")]
    osm_id: Annotated[str | None, Meta(examples=["relation:1155955"])]
    name: str | None
    label: Annotated[str | None, Meta(description="Name with those of the zones around it and postcodes")]
    zone_type: str | None
    admin_level: int | None
    country_code: str | None
    parent: Annotated[int | None, Meta(description="Id of the zone that contains it")]
    wikidata: str | None
    bbox: ZoneBounds
    center: Annotated[
        Annotated[list[float], Meta(min_length=2, max_length=2)] | None, Meta(description="Longitude, latitude")
    ]
    names: Annotated[
        dict[str, str] | UnsetType, Meta(description="By language, where another than the local one; on request")
    ] = UNSET
    population: Annotated[int | UnsetType | None, Meta(description="On request")] = UNSET
    zip_codes: Annotated[list[str] | UnsetType, Meta(description="On request")] = UNSET
    geometry: Annotated[
        Annotated[Raw, Meta(extra_json_schema={"$ref": f"{COMPONENTS}ZoneGeometry"})] | UnsetType | None,
        Meta(description="GeoJSON; on request"),
    ] = UNSET


class ZoneGeometry(Answer):
    """The geometry of a zone as GeoJSON."""

    type: Literal["Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"]
    coordinates: list[Any] | UnsetType = UNSET
    geometries: list[Any] | UnsetType = UNSET


class FoundZone(ZoneDetails, kw_only=True):
    """A zone that holds a point, or the nearest one."""

    distance: Annotated[float, Meta(ge=0, description="Metres; 0 where the zone holds the point")]


class SearchedZone(ZoneDetails, kw_only=True):
    """A zone that a search found."""

    score: Annotated[float, Meta(description="The list is sorted by it")]
    match: Annotated[str, Meta(description="What matches: name, prefix, word or fuzzy")]


Next: TypeAlias = Annotated[str | None, Meta(description="Cursor of the next page; null on the last one")]


class ZoneList(Answer):
    """Zones of one release."""

    release: str
    zones: list[ZoneDetails]
    next: Next = None


class FoundZones(Answer):
    """The zones that hold a point, smallest first."""

    release: str
    zones: list[FoundZone]
    next: Next = None


class SearchedZones(Answer):
    """The zones that a search found, best first."""

    release: str
    zones: list[SearchedZone]
    next: Next = None


class ZonesOfPoint(Answer):
    """The zones that hold one point of a batch, smallest first."""

    zones: list[FoundZone]


class ZonesOfPoints(Answer):
    """The zones of each point of a batch, in the order of the points."""

    release: str
    points: list[ZonesOfPoint]


class Point(Struct, forbid_unknown_fields=True):
    """A point in degrees."""

    lat: Latitude
    lon: Longitude


class PointBatch(Struct, forbid_unknown_fields=True):
    """Points to find the zones of."""

    points: Annotated[list[Point], Meta(max_length=MAX_POINTS)]


class Feature(Answer, kw_only=True):
    """A zone as GeoJSON feature; its id is that of the OSM object."""

    type: Literal["Feature"]
    id: str | UnsetType = UNSET
    bbox: Annotated[list[float], Meta(min_length=4, max_length=4)] | UnsetType = UNSET
    properties: Annotated[
        dict[str, Any], Meta(description="The other fields of a zone", extra_json_schema={"required": ["id", "osm_id"]})
    ]
    geometry: ZoneGeometry | None


class FeatureCollection(Answer):
    """Zones of one release as GeoJSON."""

    type: Literal["FeatureCollection"]
    release: str
    features: list[Feature]


class ReleaseDetails(Release):
    """A kept release, with its bounds and, unless it is in a list, its manifest."""

    bounds: Bounds | None
    prepared: Annotated[bool, Meta(description="Whether it has what the zones of /v1 need; otherwise they are 501")]
    manifest: Annotated[
        Manifest | UnsetType | None,
        Meta(
            description="What it was made of, without the tables of what was left out or repaired, as in /release; "
            "not in lists"
        ),
    ] = UNSET


class ReleaseList(Answer):
    """The kept releases, newest first."""

    releases: list[ReleaseDetails]


class ReleaseStatistics(Answer):
    """Expected counts of a release, and what was counted."""

    release: str
    statistics: Annotated[list[ExpectedCount] | None, Meta(description="null if they were not made")]


class LeftOut(Answer):
    """Borders that did not become zones, and zones that were repaired."""

    release: str
    left_out: Annotated[
        list[FindingRow] | None, Meta(description="`left_out` of the manifest: by reason and country; null if unknown")
    ]
    repaired: Annotated[
        list[FindingRow] | None, Meta(description="`repaired` of the manifest: by kind of fault; null if unknown")
    ]


class CoverageRow(Answer):
    """How much of a country the zones of one type cover."""

    country_code: str
    zone_type: str
    zones: Annotated[int, Meta(ge=0, description="Those at least half of which is in the country")]
    area: Annotated[float | None, Meta(description="Of the parts of zones that are in the country, in square metres")]
    share: Annotated[
        float | None,
        Meta(description="Of the country's area, 0 to 1; null when the release has no zone of the country"),
    ]


class Coverage(Answer):
    """Coverage of all countries and types."""

    release: str
    coverage: list[CoverageRow]


class Change(Answer):
    """One difference between two releases."""

    change: Literal["added", "removed", "renamed", "moved", "area"]
    osm_id: str | None
    zone_type: str | None
    name: str | None
    name_before: str | None
    parent: Annotated[str | None, Meta(description="OSM id")]
    parent_before: Annotated[str | None, Meta(description="OSM id")]
    area: Annotated[float | None, Meta(description="Square metres")]
    area_before: Annotated[float | None, Meta(description="Square metres")]
    percent: Annotated[float | None, Meta(description="Change of the area")]
    id: Annotated[int | None, Meta(description="Number of the zone in the later release; null if it was removed")]
    bbox: ZoneBounds


class Changes(Answer):
    """What is different in a release, compared with another one."""

    before: str
    after: str
    changes: list[Change]


class Runs(Answer):
    """The last runs, newest first."""

    runs: list[RunSummary]


class SitePages(Answer):
    """Which pages the site shows besides those for everybody."""

    operations: Annotated[bool, Meta(description="The page of operations, with /v1/runs (serving.operations_page)")]


class ReleaseOnlyQuery(Struct):
    """Query of what is read from one release."""

    release: ReleaseParameter | None = None


class LanguageQuery(Struct):
    """Query of zones that have nothing in addition."""

    lang: Languages = []


class ZoneQuery(Struct):
    """Query of one zone."""

    lang: Languages = []
    include: Include = []
    zoom: Zoom | None = None
    release: ReleaseParameter | None = None


class ListQuery(ZoneQuery):
    """Query of a list of zones."""

    type: Types = []
    limit: Limit = 100
    cursor: Cursor | None = None


class ReverseOptions(ZoneQuery):
    """What is asked of each point."""

    type: Types = []
    nearest: Annotated[
        float,
        Meta(
            ge=0,
            le=MAX_NEAREST_METRES,
            description="Metres: a point that no zone holds, such as one just off a coast, gets the zones of the "
            "nearest place within this distance",
        ),
    ] = 0


class ReverseQuery(ReverseOptions, kw_only=True):
    """A point, and what is asked of it."""

    lat: Latitude
    lon: Longitude


class SearchQuery(ZoneQuery, kw_only=True):
    """Text to search for."""

    q: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            description="Name, or its beginning, in any language; `name, parent` narrows it down",
            examples=["Vaduz"],
        ),
    ]
    country: Country | None = None
    type: Types = []
    near: (
        Annotated[
            list[float],
            Meta(
                description="Latitude and longitude, separated by a comma: what is near comes first",
                extra_json_schema={"minItems": 2, "maxItems": 2},
                examples=[[47.14, 9.52]],
            ),
        ]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=MAX_SEARCH_RESULTS, description="Zones of the answer")] = 10


class ExportQuery(ZoneQuery, kw_only=True):
    """Which zones to export; at least one of country, type and subtree."""

    country: Country | None = None
    type: Types = []
    subtree: (
        Annotated[
            str,
            Meta(description="OSM id: only this zone and those below it", max_length=60, examples=["relation:1155955"]),
        ]
        | None
    ) = None
    format: Annotated[
        Literal["geojson", "geojsonseq", "csv"],
        Meta(description="GeoJSON, GeoJSON text sequence (RFC 8142), or CSV, where a geometry on request is GeoJSON"),
    ] = "geojson"


class ChangesQuery(Struct):
    """Which changes to list."""

    percent: Annotated[float, Meta(ge=0, le=100, description="Smallest change of area that is listed, in per cent")] = 5
    limit: Annotated[int, Meta(ge=1, description="Only the first changes; all of them without it")] | None = None
    format: Literal["json", "csv"] = "json"
