# SPDX-License-Identifier: Apache-2.0
"""Count the zones of a release in the S3 store, and store its statistics."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterable, Iterator

from cosmogony_steps import object_keys
from cosmogony_steps.documents import Claims, Manifest, Statistics
from cosmogony_steps.errors import MissingObjectError, StepError, UsageError
from cosmogony_steps.progress import Progress
from cosmogony_steps.s3 import ResumingObjectStream, Store
from cosmogony_steps.settings import SourceSettings
from cosmogony_steps.zonefiles import ZoneFormat, decompress, translate_file_errors

from .counting import compare_counts
from .errors import InputError
from .table import read_expectations
from .zones import Zone, read_zone_lines

BUFFER = 256 * 1024  # bytes
_RELEASE = re.compile(r"[a-z0-9][a-z0-9-]*")


def count_and_store_statistics(store: Store, release: str, extracts: Iterable[SourceSettings]) -> Statistics:
    """Count the zones of a release, and store the statistics, with what its data claim.

    Args:
        store: has the release, and takes the statistics.
        release: the id of the release.
        extracts: the sources in the settings.

    Raises:
        UsageError: the text cannot be the id of a release.
        StepError: the release does not exist, or its zones are damaged.
    """
    if not _RELEASE.fullmatch(release):
        raise UsageError(f"--release '{release}' is not a release id such as 20261122t221000-3f9ab2c1")
    began = time.monotonic()
    key, manifest_key = object_keys.get_release_zones_key(release), object_keys.get_release_manifest_key(release)
    try:
        stream = store.open(key)
        with stream:
            statistics = compare_counts(_read_zones(stream, key), read_expectations())
        manifest = Manifest.from_json(store.read_json(manifest_key), manifest_key)
    except MissingObjectError as cause:
        raise StepError(f"{cause}; run the merge step of this release first") from cause
    statistics = Claims.from_manifest(manifest, extracts).mark_claimed_counts(statistics)
    content = encode_statistics(statistics)
    seconds = {"seconds": f"{time.monotonic() - began:.1f}"}
    store.write(object_keys.get_release_statistics_key(release), content, metadata=seconds)
    store.write(object_keys.LATEST_STATISTICS, content)
    return statistics


def encode_statistics(statistics: Statistics) -> bytes:
    """Return the content of test_results.json."""
    return json.dumps(statistics.to_json(), ensure_ascii=False).encode() + b"\n"


def _read_zones(stream: ResumingObjectStream, key: str) -> Iterator[Zone]:
    progress = Progress(key, stream.size)
    try:
        with translate_file_errors(key):
            lines = decompress(io.BufferedReader(stream, BUFFER), ZoneFormat.JSONL_GZ)
            for zone in read_zone_lines(lines, key):
                progress.set(stream.offset)
                yield zone
    except InputError as cause:
        raise StepError(f"{cause} Run the merge step again") from cause
