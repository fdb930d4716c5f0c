# SPDX-License-Identifier: Apache-2.0
"""Which release is asked: the live one, or a kept one that the URL names.

The live id is read first and everything else is then read from that release's own schema, which never changes,
so a publish between two statements cannot mix two releases in one answer. A database of the original importer has no
releases; there the one table public.zones is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from cosmogony_api.database import Reader
from cosmogony_api.errors import NotFoundError, UnavailableError

# Query strings were always ignored, so only what can be the id of a release counts as one.
RELEASE_ID = re.compile(r"[0-9]{8}t[0-9]{6}-[0-9a-f]{8}|legacy(?:-[0-9]{8}t[0-9]{6})?")

NOTHING_PUBLISHED = "No release has been published yet"

_CATALOG = "select to_regclass('public.cosmogony_release') is not null as catalog"
# Before the first release public.zones may be an empty view that a tile server needs to start: it reads nothing.
_ZONES = """
select to_regclass('public.zones') is not null and (
    not exists (select from pg_class where oid = to_regclass('public.zones') and relkind = 'v')
    or exists (select from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
               where r.ev_class = to_regclass('public.zones') and d.refobjid <> r.ev_class
                     and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass))) as zones
"""
# Until the importer has changed them, releases of older importers have no boxes. Needs no right on the schema.
_BOXES = """
exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = schema_name and c.relname = 'zone_boxes') as boxes
"""
_LIVE = f"select id, schema_name, {_BOXES} from public.cosmogony_release"  # noqa: S608 - no values in it
_KEPT = f"""
select id, schema_name, inputs_digest, state, live, created, published_at, zones, gate, override, {_BOXES}
from public.cosmogony_releases
where (live or state in ('published', 'retired')) and to_regnamespace(quote_ident(schema_name)) is not null
"""  # noqa: S608


@dataclass(frozen=True)
class Release:
    """One release to read from; ``id`` is None over a database of the original importer.

    ``boxes`` tells whether it has the boxes of its zones.
    """

    id: str | None
    schema: str
    pinned: bool = False
    boxes: bool = False

    def table(self, name: str) -> sql.Identifier:
        """Name a table of this release."""
        return sql.Identifier(self.schema, name)


def has_catalog(connection: Reader) -> bool:
    """Tell whether the database knows releases."""
    row = connection.execute(_CATALOG).fetchone()
    return bool(row and row["catalog"])


def resolve(connection: Reader, wanted: str | None = None) -> Release:
    """Find the release ``wanted``, or the live one when the URL names none."""
    has_releases = has_catalog(connection)
    if wanted is not None:
        row = find(connection, wanted) if has_releases else None
        if row is None:
            raise NotFoundError(wanted)
        return Release(row["id"], row["schema_name"], pinned=True, boxes=row["boxes"])
    if has_releases:
        live = connection.execute(_LIVE).fetchone()
        if live is not None:
            return Release(live["id"], live["schema_name"], boxes=live["boxes"])
    row = connection.execute(_ZONES).fetchone()
    if row and row["zones"]:
        return Release(None, "public")
    raise UnavailableError(NOTHING_PUBLISHED, retry_after=30)


def find(connection: Reader, release_id: str) -> dict[str, Any] | None:
    """Return the catalog row of a kept release."""
    return connection.execute(_KEPT + " and id = %s", (release_id,)).fetchone()


def kept(connection: Reader) -> list[dict[str, Any]]:
    """Return the catalog rows of all kept releases, newest first."""
    return connection.execute(_KEPT + " order by created desc, id desc").fetchall()


def wanted_id(text: str | None) -> str | None:
    """Return ``text`` when it can be the id of a release."""
    return text if text and RELEASE_ID.fullmatch(text) else None
