# SPDX-License-Identifier: Apache-2.0
"""Show the kept releases."""

from __future__ import annotations

import argparse
import json

from cosmogony_steps.outputs import write_outputs

from ..releases import catalog
from ..tiles import pyramid
from ..tiles.counts import TileCount
from .arguments import Subparsers, add_command
from .context import connect_database


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_command(subparsers, "list", run, __doc__).add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    with connect_database() as connection:
        kept = catalog.list_releases(connection)
        stored = {
            release.id: pyramid.count_tiles_by_zoom(connection, release) for release in kept if not release.is_loading
        }
    document = json.dumps([_describe(release, stored.get(release.id, {})) for release in kept])
    write_outputs(options.outputs, {"releases": document})
    if options.json:
        print(document)
    else:
        _print_table(kept)


def _describe(release: catalog.Release, stored: dict[int, TileCount]) -> dict[str, object]:
    return {
        "id": release.id,
        "schema": release.schema_name,
        "state": release.state,
        "live": release.live,
        "zones": release.zones,
        "created": release.created.isoformat(),
        "inputs_digest": release.inputs_digest,
        "published": release.published_at.isoformat() if release.published_at else None,
        "gate": release.verdict,
        "override": release.override,
        "stored_zoom": release.stored_zoom,
        "warmed_zoom": release.warmed_zoom,
        "tiles": sum(zoom.tiles for zoom in stored.values()),
        "tile_bytes": sum(zoom.size for zoom in stored.values()),
        "tiles_by_zoom": {str(z): {"tiles": zoom.tiles, "bytes": zoom.size} for z, zoom in stored.items()},
    }


def _print_table(kept: list[catalog.Release]) -> None:
    row = "{:1} {:32} {:10} {:>10} {:>6} {:11} {:20}".format
    print(row("", "release", "state", "zones", "tiles", "gate", "published"))
    for release in kept:
        print(
            row(
                "*" if release.live else "",
                release.id,
                release.state,
                release.zones if release.zones is not None else "-",
                "-" if release.stored_zoom is None else f"0-{release.stored_zoom}",
                release.verdict or "-",
                f"{release.published_at:%Y-%m-%d %H:%M:%S}" if release.published_at else "-",
            )
        )
