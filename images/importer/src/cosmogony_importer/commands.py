# SPDX-License-Identifier: Apache-2.0
"""What each command does."""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from . import catalog, clean, db, durations, gate, reader, switch, tiles, trex, usage, warm
from .errors import Blocked, ImporterError, Missing, TemporaryError
from .progress import duration, say, write_outputs
from .settings import Database, Storage

if TYPE_CHECKING:
    from . import storage

Command = Callable[[argparse.Namespace], None]


def _connect() -> psycopg.Connection:
    connection = db.connect(Database.from_environment())
    try:
        catalog.migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _store() -> storage.Store:
    from . import storage  # slow to import, and not needed for a rollback

    return storage.Store(Storage.from_environment())


def init(options: argparse.Namespace) -> None:
    """Create or upgrade catalog, views and the tile function; quick when nothing is to do."""
    with _connect() as connection:
        live = catalog.live(connection)
    say(f"database is ready; live release: {live.id if live else 'none'}")


def _release_id(path: Path) -> str:
    """A name of its own for every import: the same file may come twice within a second."""
    now = datetime.now(UTC)
    digest = hashlib.sha256(f"{reader.file_digest(path)} {now.isoformat()}".encode()).hexdigest()
    return f"{now:%Y%m%dt%H%M%S}-{digest[:8]}"


def import_data(options: argparse.Namespace) -> None:
    """Load a file; publish makes it live."""
    from . import loader

    path = Path(options.path)
    reader.ending(str(path))
    if not path.is_file():
        raise ImporterError(f"{path} cannot be read: no such file")
    release_id = _release_id(path)
    with _connect() as connection, reader.open_file(path) as stream:
        loader.load(
            Database.from_environment(),
            connection,
            release_id,
            loader.Source(stream, reader.ending(str(path)), str(path)),
            wait=options.wait,
            allow_empty=options.allow_empty,
            jobs=options.jobs,
        )
    say("Import done.")


def load(options: argparse.Namespace) -> None:
    """Load the zones file of a release from the object store."""
    from . import loader

    catalog.schema_of(options.release)
    store = _store()
    base = f"releases/{options.release}"
    manifest = store.read_json(f"{base}/manifest.json")
    if not isinstance(manifest, dict):
        raise ImporterError(f"{base}/manifest.json is no object; run merge again")
    start = time.monotonic()
    with _connect() as connection:
        if not (loaded := loader.already(connection, options.release)):
            name = f"{base}/zones.jsonl.gz"
            with store.open(name) as stream:
                loaded = loader.load(
                    Database.from_environment(),
                    connection,
                    options.release,
                    loader.Source(stream, ".jsonl.gz", name),
                    manifest=manifest,
                    wait=options.wait,
                    jobs=options.jobs,
                )
            durations.note(connection, options.release, "load", time.monotonic() - start)
    write_outputs(options.outputs, {"zones": loaded.rows})
    say(f"release {options.release}: {loaded.rows} zones loaded in {duration(time.monotonic() - start)}")


def store_tiles(options: argparse.Namespace) -> None:
    """Store the tiles of the low zooms, or those of an area at higher zooms."""
    start = time.monotonic()
    wanted = warm.Wanted(options.min_zoom, options.max_zoom, options.bbox, options.country)
    with _connect() as connection:
        release = _named_or_live(connection, options.release)
        settings, before = Database.from_environment(), tiles.count(connection, release)
        if options.estimate:
            expected = warm.estimate(connection, release, wanted, options.jobs)
            write_outputs(options.outputs, _made(before.tiles, 0, expected.described()))
            return
        expected = None
        if wanted.whole(release.stored_zoom):
            stored = tiles.store(settings, connection, release, options.max_zoom, options.jobs)
        else:
            expected = warm.store(settings, connection, release, wanted, options.jobs).described()
            stored = tiles.count(connection, release)
        durations.note(connection, release.id, "tiles", time.monotonic() - start)
    made = stored.tiles - before.tiles
    write_outputs(options.outputs, _made(stored.tiles, made, expected or {"tiles": made}))
    say(
        f"release {release.id}: {made} tiles made in {duration(time.monotonic() - start)}; "
        f"it has {stored.tiles} tiles, {stored.size / 1e6:.1f} MB"
    )


def _named_or_live(connection: psycopg.Connection, release_id: str) -> catalog.Release:
    if release_id:
        return catalog.find(connection, release_id)
    live = catalog.live(connection)
    if live is None:
        raise ImporterError("no release is live yet; publish one, or name one with --release ID")
    return live


def _made(stored: int, made: int, expected: dict[str, object]) -> dict[str, object]:
    return {"tiles": stored, "made": made, "estimate": json.dumps(expected)}


def check(options: argparse.Namespace) -> None:
    """Judge a release; blocked ends in exit code 1."""
    limits = gate.Limits(
        options.max_loss_percent,
        options.max_loss_zones,
        options.max_turned_ko,
        options.max_outside,
        options.outside_tolerance,
        options.incomplete,
    )
    start = time.monotonic()
    with _connect() as connection:
        release = catalog.find(connection, options.release)
        missing = None
        if Storage.configured():
            key = f"releases/{release.id}/test_results.json"
            try:
                catalog.store_document(connection, release.schema_name, "statistics", _store().read_json(key))
            except Missing:
                missing = f"the statistics {key} are missing; run the step stats"
        verdict = gate.check(connection, release, limits, options.override, missing)
        live = catalog.live(connection)
        durations.note(connection, release.id, "gate", time.monotonic() - start)
    write_outputs(options.outputs, {"verdict": verdict.word})
    if verdict.word == "blocked":
        stays = f"the live release {live.id} stays" if live else "nothing is live"
        raise Blocked(
            f"release {release.id} is blocked: {_first(verdict.findings)}; {stays}; "
            "to let it through all the same, run the update again with a reason "
            "(playbooks/update.yml -e update_override=REASON, or here: gate --release ID --override REASON)"
        )
    say(f"release {release.id}: {verdict.word}" + (f" ({options.override})" if verdict.findings else ""))


def _first(findings: list[str], number: int = 3) -> str:
    more = len(findings) - number
    return "; ".join(findings[:number]) + (f"; and {more} more findings" if more > 0 else "")


def publish(options: argparse.Namespace) -> None:
    """Make a release the live one."""
    start = time.monotonic()
    with _connect() as connection:
        release = catalog.find(connection, options.release) if options.release else _last_loaded(connection)
        _fit(connection, release, options)
        published = switch.switch(connection, release, "publish", reason=options.override, patience=options.patience)
        if cache := trex.Cache.configured():
            trex.switched(connection, cache)
        if not options.release:  # nobody runs clean after the two commands of the original
            clean.clean(connection, options.keep)
        durations.note(connection, release.id, "publish", time.monotonic() - start)
    if options.release and Storage.configured():
        _mark_published(release.id, published)
    if options.release:
        write_outputs(options.outputs, {"release": release.id})
    say(f"release {release.id} is live ({time.monotonic() - start:.1f} s)")


def _last_loaded(connection: psycopg.Connection) -> catalog.Release:
    """What import_data loaded last; publishing it twice is an error, as it always was."""
    for release in catalog.releases(connection):
        if release.state == "loaded":
            return release
        if release.state != "loading":
            break
    raise ImporterError("nothing is loaded that is not published yet; run import_data first, or publish --release ID")


def _fit(connection: psycopg.Connection, release: catalog.Release, options: argparse.Namespace) -> None:
    if release.live or options.override:
        return
    if not release.zones:
        raise ImporterError(f"release {release.id} has no zones; to publish it all the same: publish --override REASON")
    if not options.release or release.state in ("published", "retired"):
        return
    verdict = (release.gate or {}).get("verdict")
    if verdict not in ("passed", "overridden"):
        raise ImporterError(
            f"release {release.id} {'is blocked by' if verdict else 'has not been through'} the gate; "
            f"run gate --release {release.id} [--override REASON]"
        )


def _mark_published(release_id: str, published: datetime) -> None:
    store, key = _store(), f"releases/{release_id}/manifest.json"
    try:
        manifest = store.read_json(key)
    except Missing:
        say(f"{key} is not in the object store; nothing to update there")
        return
    wanted = {"state": "published", "published": published.isoformat(timespec="seconds")}
    if any(manifest.get(name) != value for name, value in wanted.items()):
        store.write_json(key, manifest | wanted)


def rollback(options: argparse.Namespace) -> None:
    """Make an earlier release the live one again."""
    start = time.monotonic()
    with _connect() as connection:
        release = catalog.find(connection, options.to) if options.to else switch.previous(connection)
        switch.switch(connection, release, "rollback", reason=options.reason, patience=options.patience)
        if cache := trex.Cache.configured():
            trex.switched(connection, cache)
    write_outputs(options.outputs, {"release": release.id})
    say(f"rolled back to release {release.id} ({time.monotonic() - start:.1f} s)")


def _described(r: catalog.Release, stored: dict[int, tiles.Stored]) -> dict[str, object]:
    return {
        "id": r.id,
        "schema": r.schema_name,
        "state": r.state,
        "live": r.live,
        "zones": r.zones,
        "created": r.created.isoformat(),
        "inputs_digest": r.inputs_digest,
        "published": r.published_at.isoformat() if r.published_at else None,
        "gate": (r.gate or {}).get("verdict"),
        "override": r.override,
        "stored_zoom": r.stored_zoom,
        "warmed_zoom": r.warmed_zoom,
        "tiles": sum(zoom.tiles for zoom in stored.values()),
        "tile_bytes": sum(zoom.size for zoom in stored.values()),
        "tiles_by_zoom": {str(z): {"tiles": zoom.tiles, "bytes": zoom.size} for z, zoom in stored.items()},
    }


def list_(options: argparse.Namespace) -> None:
    """Show the kept releases."""
    with _connect() as connection:
        kept = catalog.releases(connection)
        stored = {r.id: tiles.by_zoom(connection, r) for r in kept if r.state != "loading"}
    document = json.dumps([_described(r, stored.get(r.id, {})) for r in kept])
    write_outputs(options.outputs, {"releases": document})
    if options.json:
        say(document)
        return
    row = "{:1} {:32} {:10} {:>10} {:>6} {:11} {:20}".format
    say(row("", "release", "state", "zones", "tiles", "gate", "published"))
    for r in kept:
        zooms = "-" if r.stored_zoom is None else f"0-{r.stored_zoom}"
        when = f"{r.published_at:%Y-%m-%d %H:%M:%S}" if r.published_at else "-"
        say(
            row(
                "*" if r.live else "",
                r.id,
                r.state,
                r.zones if r.zones is not None else "-",
                zooms,
                (r.gate or {}).get("verdict") or "-",
                when,
            )
        )


def status(options: argparse.Namespace) -> None:
    """Tell of the kept releases, and of the room that database and object store take."""
    with _connect() as connection:
        known = {
            "releases": [usage.of_release(connection, release) for release in catalog.releases(connection)],
            "database": usage.of_database(connection),
        }
    if Storage.configured():
        known["store"] = usage.of_store(_store())
    document = json.dumps(known)
    write_outputs(options.outputs, {"status": document})
    say(document)


def clean_up(options: argparse.Namespace) -> None:
    """Drop old releases and debris, and what nothing needs any more in the object store."""
    from . import leftovers

    start = time.monotonic()
    sources = leftovers.configured(options.sources)
    found: list[leftovers.Leftover] = []
    with _connect() as connection:
        dropped = clean.clean(connection, options.keep, options.dry_run)
        if Storage.configured():
            store, kept = _store(), leftovers.Kept.of(connection, dropped if options.dry_run else ())
            found = leftovers.find(store, kept, sources, timedelta(days=options.keep_runs_days), datetime.now(UTC))
            for leftover in found:
                say(("would remove " if options.dry_run else "removing ") + leftover.line)
            if not options.dry_run:
                leftovers.remove(store, kept, found)
        if not options.dry_run and (cache := trex.Cache.configured()):
            with _cache_errors(cache):
                removed = trex.clean(connection, cache)
            say(f"tiles of t-rex removed: {', '.join(removed) or 'none'}")
        live = catalog.live(connection)
        if live and not options.dry_run:
            durations.note(connection, live.id, "clean", time.monotonic() - start)
    freed = sum(leftover.stored.size for leftover in found)
    write_outputs(options.outputs, {"dropped": " ".join(dropped), "removed": len(found), "bytes": freed})
    would = "would be " if options.dry_run else ""
    say(f"{would}dropped: {', '.join(dropped) or 'nothing'}")
    say(f"object store: {would}removed: {len(found)} objects and uploads, {freed / 1e6:.1f} MB")


def tell(options: argparse.Namespace) -> None:
    """Store the summary of a run and post it to the webhook; without --status post a stored one again."""
    from . import report

    if not options.status:
        report.again(options.workflow, _store())
        return
    document = report.of_run(options, report.object_store())
    report.show(document)
    write_outputs(options.outputs, {"result": document["result"]})


def _cache() -> trex.Cache:
    cache = trex.Cache.configured()
    if cache is None:
        raise ImporterError("TREX_CACHE is not set; set it to the folder that t-rex has its cache in")
    return cache


@contextmanager
def _cache_errors(cache: trex.Cache) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TemporaryError(
            f"cache of t-rex {cache.root}: {error}; check its volume and run the command again"
        ) from error


def tile_prepare(options: argparse.Namespace) -> None:
    """Make an empty folder and the configuration with which t-rex generates the tiles of a release."""
    cache = _cache()
    with _connect() as connection:
        release = _named_or_live(connection, options.release)
    with _cache_errors(cache):
        config, extent = trex.prepare(cache, release, Path(options.template))
    write_outputs(options.outputs, {"release": release.id, "config": config, "extent": extent})
    say(f"release {release.id}: t-rex generates {extent} with {config}")


def tile_finish(options: argparse.Namespace) -> None:
    """Check the tiles that t-rex generated and put them where publish expects them."""
    cache = _cache()
    with _connect() as connection:
        release = catalog.find(connection, options.release)
    with _cache_errors(cache):
        made = trex.finish(cache, release, options.max_zoom)
    write_outputs(options.outputs, {"tiles": made.count})
    say(f"release {release.id}: {made.count} tiles of t-rex, {made.size / 1e6:.1f} MB")


def tile_link(options: argparse.Namespace) -> None:
    """Let t-rex read the tiles of the live release; before the first one make what it needs to start."""
    cache = _cache()
    with _connect() as connection:
        trex.ready(connection)
        with _cache_errors(cache):
            name, before = trex.follow(connection, cache)
    say(f"{cache.link} leads to {name}" + ("" if before == name else f" (before: {before or 'nothing'})"))
