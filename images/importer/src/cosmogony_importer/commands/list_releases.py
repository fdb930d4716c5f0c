# SPDX-License-Identifier: Apache-2.0
"""List the kept releases."""

from __future__ import annotations

import argparse
import json

from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..releases import catalog
from ..tiles.backend import get_tile_backend
from ..tiles.counts import TilesByZoom
from .context import connect_and_migrate


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    add_command_with_common_options(subparsers, "list", run, __doc__).add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    with connect_and_migrate(load_settings(options)) as connection:
        kept = catalog.list_releases(connection)
        backend, nothing = get_tile_backend(), TilesByZoom({}, None)
        stored = [nothing if release.is_loading else backend.count_tiles(connection, release) for release in kept]
    document = json.dumps([_describe(*pair) for pair in zip(kept, stored, strict=True)])
    write_outputs(options.outputs, {"releases": document})
    if options.json:
        print(document)
    else:
        _print_table(kept, stored)


def _describe(release: catalog.Release, stored: TilesByZoom) -> dict[str, object]:
    return {
        **release.to_list_entry(),
        "schema": release.schema_name,
        "inputs_digest": release.inputs_digest,
        "stored_zoom": stored.complete_zoom,
        "warmed_zoom": release.warmed_zoom,
        "tiles": stored.total.tiles,
        "tile_bytes": stored.total.size,
        "tiles_by_zoom": {str(z): {"tiles": zoom.tiles, "bytes": zoom.size} for z, zoom in stored.by_zoom.items()},
    }


def _print_table(kept: list[catalog.Release], stored: list[TilesByZoom]) -> None:
    row = "{:1} {:32} {:10} {:>10} {:>6} {:11} {:20}".format
    print(row("", "release", "state", "zones", "tiles", "gate", "published"))
    for release, tiles in zip(kept, stored, strict=True):
        print(
            row(
                "*" if release.live else "",
                release.id,
                release.state,
                release.zones if release.zones is not None else "-",
                "-" if tiles.complete_zoom is None else f"0-{tiles.complete_zoom}",
                release.verdict or "-",
                f"{release.published_at:%Y-%m-%d %H:%M:%S}" if release.published_at else "-",
            )
        )
