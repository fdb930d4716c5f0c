# SPDX-License-Identifier: Apache-2.0
"""Make a release live."""

from __future__ import annotations

import argparse
import time
from datetime import datetime
from typing import TYPE_CHECKING

import psycopg
from cosmogony_steps import log, object_keys
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.documents import GateVerdict, Manifest, ReleaseState
from cosmogony_steps.errors import MissingObjectError, StepError
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from ..housekeeping import cleanup
from ..releases import catalog, durations, switch
from ..tiles.backend import get_tile_backend
from .arguments import add_patience_option, add_release_option
from .context import connect_and_migrate, open_bucket_if_configured

if TYPE_CHECKING:
    from cosmogony_steps.s3 import Store


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command_with_common_options(subparsers, "publish", run, __doc__)
    parser.set_defaults(has_original_exit_code=lambda options: not options.release)
    add_release_option(parser, required=False)
    parser.add_argument(
        "--override", metavar="REASON", help="publish a release that has not passed the gate, for this reason"
    )
    add_patience_option(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    start = time.monotonic()
    with connect_and_migrate(settings) as connection:
        release = catalog.get_release(connection, options.release) if options.release else _find_last_loaded(connection)
        _check_publishable(release, options)
        published = switch.switch_live_release(
            connection, release, "publish", reason=options.override, patience=options.patience
        )
        get_tile_backend().serve_live_release(connection)
        if not options.release:  # users of the two commands of the original importer do not run clean
            cleanup.drop_old_releases(connection, settings.releases.keep)
        durations.record_step_duration(connection, release.id, "publish", time.monotonic() - start)
    if options.release:
        if store := open_bucket_if_configured(settings):
            _mark_published(store, release.id, published)
        write_outputs(options.outputs, {"release": release.id})
    log.info(f"release {release.id} is live ({time.monotonic() - start:.1f} s)")


def _find_last_loaded(connection: psycopg.Connection) -> catalog.Release:
    """Return the newest release that import_data loaded and nobody published; raise an error if there is none."""
    for release in catalog.list_releases(connection):
        if release.state == ReleaseState.LOADED:
            return release
        if not release.is_loading:
            break
    raise StepError("no loaded release is left to publish; run import_data first, or publish --release ID")


def _check_publishable(release: catalog.Release, options: argparse.Namespace) -> None:
    if release.live or options.override:
        return
    if not release.zones:
        raise StepError(f"release {release.id} has no zones; to publish it anyway: publish --override REASON")
    if not options.release or release.state in (ReleaseState.PUBLISHED, ReleaseState.RETIRED):
        return
    if release.verdict not in (GateVerdict.PASSED, GateVerdict.OVERRIDDEN):
        raise StepError(
            f"release {release.id} {'is blocked by' if release.verdict else 'has not been through'} the gate; "
            f"run gate --release {release.id} [--override REASON]"
        )


def _mark_published(store: Store, release_id: str, published: datetime) -> None:
    key = object_keys.get_release_manifest_key(release_id)
    try:
        document = store.read_json(key)
    except MissingObjectError:
        log.info(f"{key} is not in the S3 store; nothing to update there")
        return
    manifest, moment = Manifest.from_json(document, key), published.replace(microsecond=0)
    if (manifest.state, manifest.published) != (ReleaseState.PUBLISHED, moment):
        store.write_json(key, document | {"state": ReleaseState.PUBLISHED, "published": moment.isoformat()})
