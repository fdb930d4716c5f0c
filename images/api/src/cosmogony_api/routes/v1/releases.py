# SPDX-License-Identifier: Apache-2.0
"""Routes of the kept releases, what they contain and what changed between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from flask import Blueprint, Response
from psycopg import sql
from psycopg.rows import class_row

from cosmogony_api import releases
from cosmogony_api.answers import answer_json, answer_v1_from_release
from cosmogony_api.changes import compose_changes_query
from cosmogony_api.context import get_database
from cosmogony_api.database import Reader, Row
from cosmogony_api.languages import expand_languages
from cosmogony_api.manifest import redact_manifest
from cosmogony_api.models import ReleaseId
from cosmogony_api.models_v1 import (
    Change,
    Changes,
    ChangesQuery,
    Coverage,
    CoverageRow,
    LanguageQuery,
    LeftOut,
    ReleaseDetails,
    ReleaseList,
    ReleaseStatistics,
    ZoneDetails,
    ZoneList,
)
from cosmogony_api.operations import JSON_TYPE, declare_operation
from cosmogony_api.releases import SelectedRelease, select_prepared_release
from cosmogony_api.streaming import LongRead
from cosmogony_api.tables import CSV_TYPE, format_structs
from cosmogony_api.zone_details import View, fetch_zones

blueprint = Blueprint("v1_releases", __name__)

BATCH_CHANGES = 1000
_MANIFEST = sql.SQL("select document - 'left_out' - 'repaired' as manifest from {manifest} limit 1")
_LEFT_OUT = sql.SQL(
    "select document -> 'left_out' as left_out, document -> 'repaired' as repaired from {manifest} limit 1"
)
_STATISTICS = sql.SQL("select document as statistics from {statistics} limit 1")
_COVERAGE = sql.SQL(
    "select country_code, zone_type, zones, area, share from {coverage} order by country_code, zone_type"
)
_COUNTRIES = sql.SQL(
    "select {columns} from {zones} z where z.zone_type = 'country' order by z.country_code, z.rank desc, z.id"
)


@blueprint.get("/v1/releases")
@declare_operation(ReleaseList, 503)
def list_kept_releases() -> Response:
    """List the kept releases, newest first."""
    rows = get_database().read(releases.fetch_kept_releases)
    return answer_json(ReleaseList(releases=[_to_details(row) for row in rows]))


@blueprint.get("/v1/releases/<id>")
@declare_operation(ReleaseDetails, 404, 410, 503)
def get_kept_release(id: ReleaseId) -> Response:
    """Return a kept release with its manifest."""

    def read(connection: Reader) -> ReleaseDetails:
        row = _fetch(connection, id)
        found = connection.execute(_MANIFEST.format(manifest=_qualify(row, "manifest"))).fetchone()
        return msgspec.structs.replace(_to_details(row), manifest=redact_manifest(found["manifest"]) if found else None)

    return answer_json(get_database().read(read))


@blueprint.get("/v1/releases/<id>/statistics")
@declare_operation(ReleaseStatistics, 404, 410, 503, from_release=True)
def get_release_statistics(id: ReleaseId) -> Response:
    """Return the expected counts of a release, and what was counted."""

    def read(connection: Reader) -> ReleaseStatistics:
        found = connection.execute(
            _STATISTICS.format(statistics=_qualify(_fetch(connection, id), "statistics"))
        ).fetchone()
        return ReleaseStatistics(id, found["statistics"] if found else None)

    return _answer_pinned(id, get_database().read(read))


@blueprint.get("/v1/releases/<id>/left_out")
@declare_operation(LeftOut, 404, 410, 503, from_release=True)
def get_left_out(id: ReleaseId) -> Response:
    """Return which borders of a release did not become zones, and which were repaired."""

    def read(connection: Reader) -> LeftOut:
        found = connection.execute(_LEFT_OUT.format(manifest=_qualify(_fetch(connection, id), "manifest"))).fetchone()
        return LeftOut(id, found["left_out"], found["repaired"]) if found else LeftOut(id, None, None)

    return _answer_pinned(id, get_database().read(read))


@blueprint.get("/v1/releases/<id>/coverage")
@declare_operation(Coverage, 404, 410, 501, 503, from_release=True)
def get_coverage(id: ReleaseId) -> Response:
    """Return which share of each country the zones of each type cover."""

    def read(connection: Reader) -> Coverage:
        release = select_prepared_release(connection, id)
        with connection.cursor(row_factory=class_row(CoverageRow)) as cursor:
            rows = cursor.execute(_COVERAGE.format(coverage=release.qualify_table("coverage"))).fetchall()
        return Coverage(id, rows)

    return _answer_pinned(id, get_database().read(read))


@blueprint.get("/v1/releases/<id>/countries")
@declare_operation(ZoneList, 404, 410, 501, 503, from_release=True)
def list_countries(id: ReleaseId, query: LanguageQuery) -> Response:
    """List the zones of a release that are countries, sorted by country code; they are always one page."""

    def read(connection: Reader) -> ZoneList:
        release = select_prepared_release(connection, id)
        view = View(release, expand_languages(query.lang))
        return ZoneList(id, fetch_zones(connection, view, view.compose(_COUNTRIES), {}, ZoneDetails))

    return _answer_pinned(id, get_database().read(read))


@blueprint.get("/v1/releases/<before>/changes/<after>")
@declare_operation(Changes, 404, 410, 501, 503, from_release=True, media=(JSON_TYPE, CSV_TYPE))
def list_changes(before: ReleaseId, after: ReleaseId, query: ChangesQuery) -> Response:
    """List what is different in a release, compared with another one.

    Zones are the same if their OSM id is: they are added, removed, renamed, moved to another parent, or their area
    changed by more than `percent` per cent. A zone has an entry for each of these. They are sorted by OSM id.
    """
    reading = LongRead(before, after)
    batches = _read_changes(reading, query)
    if query.format == "csv":
        return reading.answer(format_structs(Change, batches), CSV_TYPE)
    return reading.answer(_write_changes(before, after, batches), JSON_TYPE)


def _read_changes(reading: LongRead, query: ChangesQuery) -> Iterator[Sequence[Change]]:
    before, after = reading.releases
    with reading.connection.cursor(name="changes", row_factory=class_row(Change)) as cursor:
        cursor.execute(
            compose_changes_query(before.schema, after.schema), {"percent": query.percent, "limit": query.limit}
        )
        while batch := cursor.fetchmany(BATCH_CHANGES):
            yield batch


def _write_changes(before: str, after: str, batches: Iterator[Sequence[Change]]) -> Iterator[bytes]:
    yield b'{"before":%b,"after":%b,"changes":[' % (msgspec.json.encode(before), msgspec.json.encode(after))
    between = b"\n"
    for batch in batches:
        yield between + b",\n".join(map(msgspec.json.encode, batch))
        between = b",\n"
    yield b"\n]}\n"


def _fetch(connection: Reader, release_id: str) -> Row:
    row = releases.fetch_kept_release(connection, release_id)
    if row is None:
        releases.raise_not_kept(connection, release_id)
    return row


def _qualify(row: Row, table: str) -> sql.Identifier:
    return sql.Identifier(row["schema_name"], table)


def _to_details(row: Row) -> ReleaseDetails:
    return ReleaseDetails(**{name: row[name] for name in ReleaseDetails.__struct_fields__ if name in row})


def _answer_pinned(release_id: str, content: ReleaseStatistics | LeftOut | Coverage | ZoneList) -> Response:
    return answer_v1_from_release(content, SelectedRelease(release_id, "", pinned=True))
