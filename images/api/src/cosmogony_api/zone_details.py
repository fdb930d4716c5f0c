# SPDX-License-Identifier: Apache-2.0
"""Queries for zones as /v1 shows them: which columns they need, one zone, and pages of children and ancestors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from msgspec import Raw
from psycopg import Cursor, sql
from psycopg.rows import RowMaker

from cosmogony_api.cursors import Cursor as Place
from cosmogony_api.database import Reader
from cosmogony_api.languages import expand_languages
from cosmogony_api.models_v1 import Relatives, ZoneDetails, ZoneQuery
from cosmogony_api.releases import SelectedRelease

ZoneT = TypeVar("ZoneT", bound=ZoneDetails)

MAX_ID = 2**63 - 1
DECIMALS = 7  # of the degrees of a geometry: about a centimetre
PLACE_DECIMALS = 9  # of those of a box or a centre, which come back from the projection of the map not quite whole
# The highest zooms of the tables zones_z… with simplified geometry, which the importer makes (`load.bands`).
BANDS = (0, 1, 2, 3, 4, 6, 8, 10, 12)
_WORLD_METRES = 40075016.685578488

_COLUMNS = sql.SQL("""
    z.id, z.osm_id, {name} as name, {label} as label, z.zone_type, z.admin_level, z.country_code, z.parent, z.wikidata,
    (select array[b.west, b.south, b.east, b.north] from {boxes} b where b.zone_id = z.id) as bbox,
    case when z.center_lon is not null then array[z.center_lon, z.center_lat] end as center
""")
_GEOMETRY = sql.SQL("ST_Transform(z.geometry, 4326)")
# A zone that is too small for the band of a zoom gets a geometry as coarse as a pixel of it.
_SIMPLIFIED = sql.SQL("""
    ST_Transform(coalesce((select band.geometry from {band} band where band.id = z.id),
                          ST_SimplifyPreserveTopology(z.geometry, {pixel})), 4326)
""")
_BY_ID = sql.SQL("select {columns} from {zones} z where z.id = %(id)s")
_BY_OSM_ID = sql.SQL("select {columns} from {zones} z where z.osm_id = %(osm_id)s")
_BY_WIKIDATA = sql.SQL(
    "select {columns} from {zones} z where z.wikidata = %(wikidata)s order by z.rank desc, z.id limit 1"
)
_PAGE = sql.SQL("""
select {columns}, coalesce(z.name, '') as sort_name from {zones} z
where {members} and (coalesce(z.name, ''), z.id) > (%(name)s, %(place)s)
  and (%(types)s::text[] is null or z.zone_type = any (%(types)s))
order by coalesce(z.name, ''), z.id limit %(rows)s
""")
_CHILDREN = sql.SQL("z.parent = %(id)s and z.id <> %(id)s")
# Damaged data may make a circle of parents: union (without all) ends it.
SUBTREE = sql.SQL("""
    with recursive below (id) as (
        select %(id)s::bigint union select c.id from below join {zones} c on c.parent = below.id
    ) select id from below
""")
_DESCENDANTS = sql.SQL("z.id <> %(id)s and z.id in ({subtree})")
_ANCESTORS = sql.SQL("""
with recursive up as (
    select p.id, p.parent, 1 as step, array[%(id)s::bigint, p.id] as seen
    from {zones} c join {zones} p on p.id = c.parent where c.id = %(id)s and p.id <> c.id
    union all
    select p.id, p.parent, up.step + 1, up.seen || p.id
    from up join {zones} p on p.id = up.parent where p.id <> all (up.seen)
)
select {columns} from up join {zones} z on z.id = up.id order by up.step
""")


@dataclass(frozen=True)
class View:
    """How zones of a release are shown: in which languages, and with what in addition."""

    release: SelectedRelease
    languages: Sequence[str] = ()
    include: frozenset[str] = frozenset()
    zoom: int | None = None

    @classmethod
    def from_query(cls, release: SelectedRelease, query: ZoneQuery, *also: str) -> View:
        """Return what a query asks for, and also these optional fields."""
        return cls(release, expand_languages(query.lang), frozenset([*query.include, *also]), query.zoom)

    @property
    def columns(self) -> sql.Composed:
        """The columns of a zone `z`, named as the fields of ZoneDetails; needs `parameters`."""
        name: sql.Composable = sql.SQL("z.name")
        label: sql.Composable = sql.SQL("z.label")
        if self.languages:
            name = sql.SQL("{}(z.name, z.names, %(languages)s)").format(self._qualify("zone_name"))
            label = sql.SQL("{}(z.id, %(languages)s)").format(self._qualify("zone_label"))
        columns: list[sql.Composable] = [_COLUMNS.format(name=name, label=label, boxes=self._qualify("zone_boxes"))]
        columns += [sql.SQL("z.{}").format(sql.Identifier(extra)) for extra in sorted(self.include - {"geometry"})]
        if "geometry" in self.include:
            shape = sql.SQL("ST_AsGeoJSON({}, {}) as geometry")
            columns.append(shape.format(self.geometry, sql.Literal(DECIMALS)))
        return sql.SQL(", ").join(columns)

    @property
    def geometry(self) -> sql.Composable:
        """The geometry of a zone `z` in degrees."""
        band = next((band for band in BANDS if self.zoom is not None and band >= self.zoom), None)
        if band is None or self.zoom is None:
            return _GEOMETRY
        pixel = _WORLD_METRES / 256 / 2**self.zoom
        return _SIMPLIFIED.format(band=self._qualify(f"zones_z{band}"), pixel=sql.Literal(pixel))

    @property
    def parameters(self) -> dict[str, Any]:
        """The values that `columns` needs."""
        return {"languages": list(self.languages)} if self.languages else {}

    def compose(self, query: sql.SQL, **parts: sql.Composable) -> sql.Composed:
        """Return a query with its columns and the table zones filled in."""
        return query.format(columns=self.columns, zones=self._qualify("zones"), **parts)

    def _qualify(self, name: str) -> sql.Identifier:
        return self.release.qualify_table(name)


class ZoneRowFactory(Generic[ZoneT]):
    """Row factory of psycopg that makes zones; further columns are left out."""

    def __init__(self, kind: type[ZoneT]) -> None:
        self._kind = kind

    def __call__(self, cursor: Cursor[Any]) -> RowMaker[ZoneT]:
        """Return the function that makes a zone of a row."""
        names = [column.name for column in cursor.description or ()]
        fields = set(self._kind.__struct_fields__)

        def make(values: Sequence[Any]) -> ZoneT:
            given = {name: value for name, value in zip(names, values, strict=True) if name in fields}
            for name in ("bbox", "center"):
                if (place := given[name]) is not None:
                    given[name] = [round(number, PLACE_DECIMALS) for number in place]
            if (shape := given.get("geometry")) is not None:
                given["geometry"] = Raw(shape)
            return self._kind(**given)

        return make


def fetch_zones(
    connection: Reader, view: View, query: sql.Composed, values: dict[str, Any], kind: type[ZoneT]
) -> list[ZoneT]:
    """Return the zones that a query finds."""
    with connection.cursor(row_factory=ZoneRowFactory(kind)) as cursor:
        return cursor.execute(query, {**view.parameters, **values}).fetchall()


def find_by_id(connection: Reader, view: View, key: str) -> ZoneDetails | None:
    """Return the zone with this id in the release, or None; also if the text is not a number."""
    number = parse_id(key)
    return None if number is None else _fetch_one(connection, view, _BY_ID, id=number)


def find_by_osm_id(connection: Reader, view: View, key: str) -> ZoneDetails | None:
    """Return the zone of an OSM object such as `relation:48`, or None."""
    return _fetch_one(connection, view, _BY_OSM_ID, osm_id=key)


def find_by_wikidata(connection: Reader, view: View, key: str) -> ZoneDetails | None:
    """Return the zone of a Wikidata item such as `Q347`, or None; of several the most important one."""
    return _fetch_one(connection, view, _BY_WIKIDATA, wikidata=key)


def parse_id(text: str) -> int | None:
    """Return the number that a text consists of, or None if no zone can have it as id."""
    if not text.isascii() or not text.isdigit() or len(text.lstrip("0")) > 19 or int(text) > MAX_ID:
        return None
    return int(text)


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for: zones of some types, after a place."""

    types: Sequence[str]
    limit: int
    after: Place | None = None


def list_children(connection: Reader, view: View, zone: int, page: Page) -> tuple[list[ZoneDetails], Place | None]:
    """Return direct children of a zone, sorted by name, and the place where the next page begins."""
    return _list_page(connection, view, zone, page, _CHILDREN)


def list_descendants(connection: Reader, view: View, zone: int, page: Page) -> tuple[list[ZoneDetails], Place | None]:
    """Return the zones below a zone, at any depth, sorted by name, and the place where the next page begins."""
    subtree = SUBTREE.format(zones=view.release.qualify_table("zones"))
    return _list_page(connection, view, zone, page, _DESCENDANTS.format(subtree=subtree))


def list_ancestors(connection: Reader, view: View, zone: int, page: Page) -> tuple[list[ZoneDetails], Place | None]:
    """Return all zones above a zone, nearest first; they are one page."""
    found = fetch_zones(connection, view, view.compose(_ANCESTORS), {"id": zone}, ZoneDetails)
    return [zone for zone in found if not page.types or zone.zone_type in page.types], None


def _list_page(
    connection: Reader, view: View, zone: int, page: Page, members: sql.Composable
) -> tuple[list[ZoneDetails], Place | None]:
    after = page.after
    values = {
        **view.parameters,
        "id": zone,
        "types": list(page.types) or None,
        "name": after.name if after else "",
        "place": after.id if after else -1,
        "rows": page.limit + 1,
    }
    with connection.cursor(row_factory=_with_sort_name) as cursor:
        rows = cursor.execute(view.compose(_PAGE, members=members), values).fetchall()
    found = [zone for zone, _ in rows[: page.limit]]
    if len(rows) <= page.limit:
        return found, None
    last, name = rows[page.limit - 1]
    return found, Place(view.release.id or "", name, last.id)


def _with_sort_name(cursor: Cursor[Any]) -> RowMaker[tuple[ZoneDetails, str]]:
    make = ZoneRowFactory(ZoneDetails)(cursor)
    return lambda values: (make(values), values[-1])


def _fetch_one(connection: Reader, view: View, query: sql.SQL, **values: Any) -> ZoneDetails | None:
    return next(iter(fetch_zones(connection, view, view.compose(query), values, ZoneDetails)), None)


FindZone = Callable[[Reader, View, str], ZoneDetails | None]
ListZones = Callable[[Reader, View, int, Page], tuple[list[ZoneDetails], Place | None]]

RELATIVES: dict[Relatives, ListZones] = {
    "ancestors": list_ancestors,
    "children": list_children,
    "descendants": list_descendants,
}
