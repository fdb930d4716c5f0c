# SPDX-License-Identifier: Apache-2.0
"""Routes for what operators look at: which pages the site shows, and its last runs."""

from __future__ import annotations

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from cosmogony_api import releases
from cosmogony_api.answers import answer_json
from cosmogony_api.context import get_database, get_settings
from cosmogony_api.database import Reader, Row
from cosmogony_api.manifest import redact_document
from cosmogony_api.models_v1 import Runs, SitePages
from cosmogony_api.operations import declare_operation

blueprint = Blueprint("v1_operations", __name__)

MAX_RUNS = 20
PAGES_CACHE = "public, max-age=60"
_RUNS = "select document from public.cosmogony_runs order by finished desc limit %s"


@blueprint.get("/v1/site")
@declare_operation(SitePages)
def get_site_pages() -> Response:
    """Return which pages the site shows besides those for everybody."""
    return answer_json(SitePages(operations=get_settings().operations_page), cache=PAGES_CACHE)


@blueprint.get("/v1/runs")
@declare_operation(Runs, 404, 503)
def list_runs() -> Response:
    """List the summaries of the last 20 runs, newest first.

    404 where the site does not show them (setting serving.operations_page).
    """
    if not get_settings().operations_page:
        raise NotFound("This site does not show its runs (setting serving.operations_page)")

    def read(connection: Reader) -> list[Row]:
        if not releases.has_table(connection, "public.cosmogony_runs"):
            return []
        return connection.execute(_RUNS, (MAX_RUNS,)).fetchall()

    return answer_json(Runs(runs=[redact_document(row["document"]) for row in get_database().read(read)]))
