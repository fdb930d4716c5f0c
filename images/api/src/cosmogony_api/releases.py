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
from typing import LiteralString

from psycopg import sql
from werkzeug.exceptions import NotFound

from cosmogony_api.attribution import OSM, Credits, collect_credits
from cosmogony_api.database import Reader, Row
from cosmogony_api.errors import UnavailableError

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
_KEPT = f"""
select id, schema_name, inputs_digest, state, live, created, published_at, zones, gate, override, {_BOXES}
from public.cosmogony_releases
where (live or state in ('published', 'retired')) and to_regnamespace(quote_ident(schema_name)) is not null
"""  # noqa: S608 - no values in it


@dataclass(frozen=True)
class Release:
    """The release that a request is answered from.

    Attributes:
        id: None over a database of the original importer.
        schema: its schema in the database.
        pinned: whether the URL names it.
        boxes: whether it has the boxes of its zones.
        bounds: west, south, east, north in degrees; None for the world. Only of a described release.
        credits: names that a map shows for its zones. Only of a described release.
    """

    id: str | None
    schema: str
    pinned: bool = False
    boxes: bool = False
    bounds: Sequence[float] | None = None
    credits: Credits = OSM

    def qualify_table(self, name: str) -> sql.Identifier:
        """Return the name of a table with the schema of this release, for SQL."""
        return sql.Identifier(self.schema, name)


def select_release(connection: Reader, kept_id: str | None = None) -> Release:
    """Return the kept release with this id, or without an id the live one.

    Raises:
        NotFound: no release of this id is kept.
        UnavailableError: nothing has been published yet.
    """
    if kept_id is not None:
        kept = fetch_kept_release(connection, kept_id)
        if kept is None:
            raise NotFound
        return Release(kept["id"], kept["schema_name"], pinned=True, boxes=kept["boxes"])
    live = fetch_live_release(connection, f"id, schema_name, {_BOXES}")
    if live is not None:
        return Release(live["id"], live["schema_name"], boxes=live["boxes"])
    return _select_original(connection)


def select_described_release(connection: Reader) -> Release:
    """Select the live release, with its bounds and credits.

    One statement reads all of it, so that they never belong to different releases.

    Raises:
        UnavailableError: nothing has been published yet.
    """
    live = fetch_live_release(connection, "id, schema_name, bounds, manifest #> '{inputs,sources}' as sources")
    if live is None:
        return _select_original(connection)
    credits = collect_credits(live["sources"])
    return Release(live["id"], live["schema_name"], bounds=live["bounds"], credits=credits)


def _select_original(connection: Reader) -> Release:
    row = connection.execute(_ZONES).fetchone()
    if row and row["zones"]:
        return Release(None, "public")
    raise UnavailableError(NOTHING_PUBLISHED, retry_after=30)


def fetch_live_release(connection: Reader, columns: LiteralString) -> Row | None:
    """Return these columns of the live release, or None if no release is live."""
    if not _has_catalog(connection):
        return None
    return connection.execute(f"select {columns} from public.cosmogony_release").fetchone()  # noqa: S608


def fetch_kept_release(connection: Reader, release_id: str) -> Row | None:
    """Return the catalog's row of the release with this id, or None if it is not kept."""
    if not _has_catalog(connection):
        return None
    return connection.execute(f"{_KEPT} and id = %s", (release_id,)).fetchone()


def fetch_kept_releases(connection: Reader) -> list[Row]:
    """Return the catalog's rows of all kept releases, newest first."""
    if not _has_catalog(connection):
        return []
    return connection.execute(f"{_KEPT} order by created desc, id desc").fetchall()


def parse_release_id(text: str) -> str | None:
    """Return the text if it has the form of a release id, otherwise None."""
    return text if RELEASE_ID.fullmatch(text) else None


def _has_catalog(connection: Reader) -> bool:
    row = connection.execute("select to_regclass('public.cosmogony_release') is not null as catalog").fetchone()
    return bool(row and row["catalog"])
