# SPDX-License-Identifier: Apache-2.0
"""Which release to read: the live one, or a kept one that the URL names.

The live id is read first. Everything else comes from the schema of that release, which never changes, so a publish
between two statements cannot mix two releases in one answer. A database of the original importer has no releases, only
the table public.zones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString, NoReturn

from psycopg import sql
from werkzeug.exceptions import Gone, NotFound

from cosmogony_api.attribution import OSM, Credits, collect_credits
from cosmogony_api.database import Reader, Row
from cosmogony_api.errors import UnavailableError, UnpreparedReleaseError

# Form of a release id. Other text in a query string is ignored, as the original API ignores query strings.
RELEASE_ID = re.compile(r"[0-9]{8}t[0-9]{6}-[0-9a-f]{8}|legacy(?:-[0-9]{8}t[0-9]{6})?")

NOTHING_PUBLISHED = "No release has been published yet"

# Whether public.zones can be read. Before the first release it may be a view without a table, made for t-rex to start.
_ZONES = """
select to_regclass('public.zones') is not null and (
    not exists (select from pg_class where oid = to_regclass('public.zones') and relkind = 'v')
    or exists (select from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
               where r.ev_class = to_regclass('public.zones') and d.refobjid <> r.ev_class
                     and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass))) as zones
"""
# Whether a release has the table of its zones' boxes: those of older importers get it later. The question needs no
# right on the release's schema.
_BOXES = """
exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = schema_name and c.relname = 'zone_boxes') as boxes
"""
# Whether it has what /v1 needs besides its zones: older importers made none of it. The same question for one table.
_PREPARED = """
exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = schema_name and c.relname = 'zone_pieces') as prepared
"""
_KEPT = f"""
select id, schema_name, inputs_digest, state, live, created, published_at, zones, bounds, gate, override,
       {_BOXES}, {_PREPARED}
from public.cosmogony_releases
where (live or state in ('published', 'retired')) and to_regnamespace(quote_ident(schema_name)) is not null
"""  # noqa: S608 - no values in it


@dataclass(frozen=True)
class SelectedRelease:
    """The release that a request is answered from: where its tables are, and what it has of them.

    Attributes:
        id: None over a database of the original importer.
        schema: its schema in the database.
        pinned: whether the URL names it.
        boxes: whether it has the boxes of its zones.
        prepared: whether it has what /v1 needs besides its zones.
        bounds: west, south, east, north in degrees; None for the world. Only of a described release.
        credits: names that a map shows for its zones. Only of a described release.
    """

    id: str | None
    schema: str
    pinned: bool = False
    boxes: bool = False
    prepared: bool = False
    bounds: Sequence[float] | None = None
    credits: Credits = OSM

    def qualify_table(self, name: str) -> sql.Identifier:
        """Return the name of a table with the schema of this release, for SQL."""
        return sql.Identifier(self.schema, name)


def select_release(connection: Reader, kept_id: str | None = None) -> SelectedRelease:
    """Return the kept release with this id, or without an id the live one.

    Raises:
        NotFound: no release of this id is kept.
        UnavailableError: nothing has been published yet.
    """
    if kept_id is not None:
        kept = _find_kept(connection, kept_id)
        if kept is None:
            raise NotFound
        return kept
    live = fetch_live_release(connection, "id, schema_name")
    if live is not None and live["id"] in connection.complete_releases:
        return SelectedRelease(live["id"], live["schema_name"], boxes=True, prepared=True)
    live = fetch_live_release(connection, f"id, schema_name, {_BOXES}, {_PREPARED}")
    if live is None:
        return _select_original(connection)
    if live["boxes"] and live["prepared"]:
        connection.complete_releases |= {live["id"]}
    return SelectedRelease(live["id"], live["schema_name"], boxes=live["boxes"], prepared=live["prepared"])


def select_prepared_release(connection: Reader, named: str | None = None) -> SelectedRelease:
    """Return the release that a request under /v1 names, or the live one.

    Raises:
        NotFound: there never was a release of this name.
        Gone: it is no longer kept.
        UnpreparedReleaseError: an earlier version loaded it.
        UnavailableError: nothing has been published yet.
    """
    if named is None:
        release = select_release(connection)
    else:
        release = _find_kept(connection, named) or raise_not_kept(connection, named)
    if not release.prepared:
        raise UnpreparedReleaseError(release.id)
    return release


def _find_kept(connection: Reader, release_id: str) -> SelectedRelease | None:
    kept = fetch_kept_release(connection, release_id)
    if kept is None:
        return None
    return SelectedRelease(kept["id"], kept["schema_name"], pinned=True, boxes=kept["boxes"], prepared=kept["prepared"])


def raise_not_kept(connection: Reader, release_id: str) -> NoReturn:
    """Raise Gone for a release that was published once, NotFound for any other text."""
    if RELEASE_ID.fullmatch(release_id) and has_table(connection, "public.cosmogony_former_releases"):
        former = "select from public.cosmogony_former_releases where id = %s"
        if connection.execute(former, (release_id,)).fetchone() is not None:
            raise Gone(f"Release {release_id} is no longer kept; /v1/releases lists those that are")
    raise NotFound(f"There is no release {release_id}; /v1/releases lists those that are kept")


def select_live_release_with_credits(connection: Reader) -> SelectedRelease:
    """Select the live release, with its bounds and credits.

    One statement reads all of it, so that they never belong to different releases.

    Raises:
        UnavailableError: nothing has been published yet.
    """
    live = fetch_live_release(connection, "id, schema_name, bounds, manifest #> '{inputs,sources}' as sources")
    if live is None:
        return _select_original(connection)
    credits = collect_credits(live["sources"])
    return SelectedRelease(live["id"], live["schema_name"], bounds=live["bounds"], credits=credits)


def _select_original(connection: Reader) -> SelectedRelease:
    row = connection.execute(_ZONES).fetchone()
    if row and row["zones"]:
        return SelectedRelease(None, "public")
    raise UnavailableError(NOTHING_PUBLISHED, retry_after=30)


def fetch_live_release(connection: Reader, columns: LiteralString) -> Row | None:
    """Return these columns of the live release, or None if no release is live."""
    if not connection.has_catalog:
        return None
    return connection.execute(f"select {columns} from public.cosmogony_release").fetchone()  # noqa: S608


def fetch_kept_release(connection: Reader, release_id: str) -> Row | None:
    """Return the catalog's row of the release with this id, or None if it is not kept."""
    if not connection.has_catalog:
        return None
    return connection.execute(f"{_KEPT} and id = %s", (release_id,)).fetchone()


def fetch_kept_releases(connection: Reader) -> list[Row]:
    """Return the catalog's rows of all kept releases, newest first."""
    if not connection.has_catalog:
        return []
    return connection.execute(f"{_KEPT} order by created desc, id desc").fetchall()


def parse_release_id(text: str) -> str | None:
    """Return the text if it has the form of a release id, otherwise None."""
    return text if RELEASE_ID.fullmatch(text) else None


def has_table(connection: Reader, name: str) -> bool:
    """Return whether the database has a table or view with this name that may be read."""
    query = "select coalesce(has_table_privilege(to_regclass(%s), 'select'), false) as found"
    row = connection.execute(query, (name,)).fetchone()
    return bool(row and row["found"])
