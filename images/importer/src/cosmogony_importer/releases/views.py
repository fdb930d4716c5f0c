# SPDX-License-Identifier: Apache-2.0
"""The views that serve the live release beside public.zones."""

from __future__ import annotations

import psycopg

from ..database import grants, statements
from ..errors import ImporterError

OURS = "made by cosmogony.stack"


def serve_boxes(connection: psycopg.Connection, schema: str) -> None:
    """Let public.zone_boxes show the boxes of a release to those who may read public.zones.

    Raises ImporterError when that name belongs to something else.
    """
    row = connection.execute(
        "SELECT relkind::text, obj_description(oid, 'pg_class') FROM pg_class "
        "WHERE oid = to_regclass('public.zone_boxes')"
    ).fetchone()
    if row and not (row[0] == "v" and OURS in (row[1] or "")):
        raise ImporterError(
            "public.zone_boxes is no view of this stack; rename it (ALTER ... RENAME) and publish again"
        )
    connection.execute(statements.statement("zone_boxes.sql", release=schema))
    grants.let_read(connection, "public", "zone_boxes")
