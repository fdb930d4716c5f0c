# SPDX-License-Identifier: Apache-2.0
"""Step fetch: stream the file of one source from its URL to the bucket."""

from __future__ import annotations

from cosmogony_steps import log, object_keys
from cosmogony_steps.documents import SourceMarker
from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.progress import Progress
from cosmogony_steps.retry import Backoff
from cosmogony_steps.s3 import Store
from cosmogony_steps.settings import Settings
from msgspec.structs import replace

from ..release import markers
from ..sources import make_source
from ..sources.base import FileVersion, Source
from ..sources.reading_errors import ChecksumMismatchError, SourceChangedError
from ..sources.source_config import SourceConfig
from ..transfer.download import DownloadStream
from ..transfer.readahead import ReadAheadStream

MAX_DOWNLOADS = 3  # attempts to fetch a file that is replaced on its server meanwhile


def fetch(
    store: Store,
    item: SourceConfig,
    settings: Settings,
    backoff: Backoff | None = None,
    progress_file: str | None = None,
) -> SourceMarker:
    """Store the current file of a source as osm/NAME, unless it is stored already.

    Args:
        store: the bucket.
        item: the source.
        settings: the servers of S3 sources.
        backoff: how often and with which pauses the server is asked.
        progress_file: the file that Argo reads; None means the one of the environment, blank means none.

    Returns:
        The marker of the stored file.

    Raises:
        StepError: the file cannot be read, is empty, or has a wrong checksum twice.
        TransientError: server or bucket do not answer now, or the file changes again and again.
    """
    backoff = backoff or Backoff()
    source = make_source(item, settings)
    mismatches = 0
    for _ in range(MAX_DOWNLOADS):
        version = backoff.call_with_retries(source.fetch_version)
        if marker := _find_stored(store, item, version):
            return marker
        try:
            return _transfer(store, item, source, version, backoff, progress_file)
        except ChecksumMismatchError as cause:
            mismatches += 1
            if mismatches == 2:
                raise StepError(
                    f"{cause}, twice; wait for the publisher to repair the file, or disable the source"
                ) from cause
            log.warn(f"{cause}; fetching once more from the start")
        except SourceChangedError as cause:
            log.warn(f"{cause}; fetching the new version")
    raise TransientError(
        f"source {item.name}: {item.redacted_url} changed {MAX_DOWNLOADS} times while it was fetched; try again later"
    )


def _find_stored(store: Store, item: SourceConfig, version: FileVersion) -> SourceMarker | None:
    marker = markers.read_source_marker(store, item)
    if marker is None or not markers.is_same_version(marker, version):
        return None
    if not markers.is_intact(marker, store.find_info(object_keys.get_source_key(item.name))):
        log.warn(
            f"{item.name}: {object_keys.get_source_key(item.name)} is not the file its marker describes; "
            "fetching it again"
        )
        return None
    log.info(f"{item.name}: {version.file_name} is already stored ({log.format_bytes(marker.size)}), nothing fetched")
    if marker.url == item.redacted_url:
        return marker
    marker = replace(marker, url=item.redacted_url, file=version.file_name, version=version.to_document())
    store.write_json(object_keys.get_source_marker_key(item.name), marker.to_json())
    return marker


def _transfer(
    store: Store, item: SourceConfig, source: Source, version: FileVersion, backoff: Backoff, progress_file: str | None
) -> SourceMarker:
    if version.md5 is None:
        log.warn(f"{item.name}: no .md5 is published beside {version.redacted_url}; only the size is checked")
    size = log.format_bytes(version.size) if version.size is not None else "unknown size"
    log.info(f"{item.name}: fetching {version.redacted_url} ({size})")
    progress = Progress(item.name, version.size, path=progress_file)
    stream = DownloadStream(source, version, backoff, progress)
    with ReadAheadStream(stream) as ahead:
        etag = store.upload(object_keys.get_source_key(item.name), ahead, version.size)
    progress.end()
    seconds = progress.elapsed_seconds
    marker = markers.make_source_marker(
        item, version, sha256=stream.sha256, md5=stream.md5, size=stream.size, etag=etag, seconds=seconds
    )
    store.write_json(object_keys.get_source_marker_key(item.name), marker.to_json())
    log.info(f"{item.name}: stored {log.format_bytes(stream.size)} in {seconds:.1f} s, sha256 {stream.sha256}")
    return marker
