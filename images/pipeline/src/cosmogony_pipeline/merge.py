# SPDX-License-Identifier: Apache-2.0
"""Step merge: exactly the parts of the plan become one release; its manifest is written last."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cosmogony_steps import heartbeat, keys, log
from cosmogony_steps.errors import StepError
from cosmogony_steps.s3 import Store

from . import engine, markers
from .disk import merge_needs, short
from .inputs import Making, inputs_digest, inputs_document, parse_started, release_id
from .items import Item
from .left_out import add_up
from .transfer import disk_errors, download, upload
from .warnings import warnings

Part = tuple[Item, dict[str, Any], dict[str, Any]]  # with the markers of the source and of its zones
Parts = list[Part]


def merge_parts(
    store: Store, items: Sequence[Item], making: Making, started: datetime, *, scratch: Path, disk: int | None = None
) -> dict[str, Any]:
    """Merge the parts of ITEMS; returns the manifest. Run again for the same start it finds its work done."""
    began = time.monotonic()
    parts = _parts(store, items, making)
    document = inputs_document(items, {item.name: part["source"]["sha256"] for item, _, part in parts}, making)
    digest = inputs_digest(document)
    release = release_id(started, digest)
    done = _already_made(store, release, digest)
    if done is not None:
        return done
    _check_disk(parts, disk)
    with disk_errors(scratch, "merge"), tempfile.TemporaryDirectory(prefix="merge-", dir=scratch) as folder:
        heartbeat.follow_files(folder)
        files = []
        for item, _, part in parts:
            path = Path(folder) / f"{item.name}.jsonl.gz"
            download(store, keys.part(item.name), path, part)
            files.append((path, part))
        merged, made = engine.merge(files, Path(folder) / ".merged.jsonl.gz")
        _check_nothing_lost(parts, made)
        stored = upload(store, keys.LATEST_ZONES, merged)
    store.copy(keys.LATEST_ZONES, keys.release_zones(release), stored["size"])
    manifest = {
        "id": release,
        "created": markers.now(),
        "inputs": document,
        "inputs_digest": digest,
        "sources": [_source(*part) for part in parts],
        "counts": made["counts"],
        "dropped": made["dropped"],
        "reparented": made["reparented"],
        "left_out": add_up(part["left_out"] for _, _, part in parts),
        "repaired": add_up(part["repaired"] for _, _, part in parts),
        "incomplete": [{"source": item.name, **relation} for item, _, part in parts for relation in part["incomplete"]],
        "skipped": {
            "fetch": [item.name for item, source, _ in parts if not _since(source.get("fetched"), started)],
            "extract": [item.name for item, _, part in parts if not _since(part.get("extracted"), started)],
        },
        "warnings": [warning for part in parts for warning in warnings(*part)],
        "versions": {"extractor": engine.version(), "rules": making.rules},
        "zones_file": {"size": stored["size"], "sha256": stored["sha256"]},
        "durations": {
            "fetch": _seconds(source for _, source, _ in parts if _since(source.get("fetched"), started)),
            "extract": _seconds(part for _, _, part in parts if _since(part.get("extracted"), started)),
            "merge": round(time.monotonic() - began, 1),
        },
        "state": "merged",
    }
    store.write_json(keys.release_manifest(release), manifest)
    log.info(
        f"release {release}: {made['counts']['zones']} zones, parts: {len(parts)}, left out: {len(made['dropped'])}"
    )
    return manifest


def _parts(store: Store, items: Sequence[Item], making: Making) -> Parts:
    """The marker of every part; all that are missing or of other inputs are named, and none is left out."""
    found: Parts = []
    problems = []
    for item in sorted(items, key=lambda item: item.name):
        heartbeat.beat(f"looking up the part of {item.name}")
        source, part = markers.read_source(store, item), markers.read_part(store, item)
        if source is None or part is None:
            problems.append(f"source {item.name} has no zones yet")
            continue
        wanted = markers.part_digest(
            item, source["sha256"], making.languages, making.rules, making.extractor, making.as_original
        )
        if part["digest"] != wanted:
            problems.append(
                f"the zones of source {item.name} are of another file, rules, extractor, languages or as_original"
            )
        elif not markers.describes(part, store.find(keys.part(item.name))):
            problems.append(f"{keys.part(item.name)} is not what its marker describes")
        else:
            found.append((item, source, part))
    if problems:
        raise StepError(f"no release without all its sources: {'; '.join(problems)}; run fetch and extract for them")
    return found


def _already_made(store: Store, release: str, digest: str) -> dict[str, Any] | None:
    manifest = store.find_json(keys.release_manifest(release))
    if manifest is None or manifest.get("inputs_digest") != digest:
        return None
    found = store.find(keys.release_zones(release))
    if found is None or found.size != manifest["zones_file"]["size"]:
        return None
    log.info(f"release {release} is merged already")
    return manifest


def _check_disk(parts: Parts, disk: int | None) -> None:
    sizes = [part["size"] for _, _, part in parts]
    if disk is not None and short(disk, sizes):
        raise StepError(
            f"merge: {log.human_bytes(disk)} of scratch space are too little for {len(parts)} files of zones;"
            f" give the step {merge_needs(sizes)}Mi of ephemeral storage, or update again: their sizes are known now"
        )


def _check_nothing_lost(parts: Parts, made: dict[str, Any]) -> None:
    before = sum(part["zones"] for _, _, part in parts)
    after = made["counts"]["zones"] + len(made["dropped"])
    if before != after:
        raise StepError(f"merge: {before} zones went in, {after} came out or were dropped; the parts are damaged")


def _since(moment: str | None, started: datetime) -> bool:
    """Was it made in this run? Markers tell whole seconds."""
    return moment is not None and parse_started(moment) >= started.replace(microsecond=0)


def _seconds(made: Iterable[dict[str, Any]]) -> float:
    """What the sources of this run took, one after the other; they were worked on side by side."""
    return round(sum(marker["seconds"] for marker in made), 1)


def _source(item: Item, fetched: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    source = part["source"]
    return {
        "name": item.name,
        "url": item.shown,
        "file": source["file"],
        "sha256": source["sha256"],
        "md5": source["md5"],
        "size": source["size"],
        "version_date": (part.get("data_timestamp") or source["version_date"] or "")[:10] or None,
        "data_timestamp": part.get("data_timestamp"),
        "zones": part["zones"],
        "fetched": fetched.get("fetched"),
        "extracted": part.get("extracted"),
        "seconds": {"fetch": source["seconds"], "extract": part["seconds"]},
    }
