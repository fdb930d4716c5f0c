# SPDX-License-Identifier: Apache-2.0
"""Release ids, reading ahead, checksums and dates of sources."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from cosmogony_pipeline.release import markers
from cosmogony_pipeline.release.inputs import add_sources, digest_inputs, make_release_id, parse_start_time
from cosmogony_pipeline.sources.base import FileVersion, find_md5
from cosmogony_pipeline.sources.reading_errors import SourceChangedError
from cosmogony_pipeline.sources.source_config import SourceConfig
from cosmogony_pipeline.transfer.readahead import ReadAheadStream
from cosmogony_steps.documents import Credit, Inputs
from cosmogony_steps.errors import StepError, TransientError
from cosmogony_steps.retry import Backoff
from msgspec.structs import replace

from .test_plan import INPUTS

A, B = SourceConfig("a.pbf", "https://e.org/a.pbf"), SourceConfig("b.pbf", "https://e.org/b.pbf", "LI")

CHANGES: list[dict[str, Any]] = [
    {"languages": ()},
    {"as_original": True},
    {"importer": "importer:2"},
    {"dashboard": "dashboard:2"},
    {"tiles_max_zoom": 9},
    {"reason": "new colours"},
    {"rules": "other"},
    {"extractor": "other"},
]


def test_the_inputs_do_not_depend_on_the_order_of_sources() -> None:
    digests = {"a.pbf": "1", "b.pbf": "2"}
    assert add_sources(INPUTS, [A, B], digests) == add_sources(INPUTS, [B, A], digests)


def test_unchanged_inputs_keep_their_digests() -> None:
    """They name releases and parts: another digest of the same inputs would make all of them again."""
    first = SourceConfig("a.pbf", "https://e.org/Ærø/a.pbf?token=x")
    second = SourceConfig("b.pbf", "https://e.org/b.pbf", "LI", ("de",), True)
    original = replace(
        INPUTS,
        languages=("en", "fr"),
        importer="registry.example.org/importer:1",
        dashboard="registry.example.org/dashboard:1",
        reason="because",
        as_original=True,
    )
    inputs = add_sources(original, [second, first], {"a.pbf": "1", "b.pbf": "2"})
    assert digest_inputs(inputs) == "f5470faa8789d0f0ad67b47d34589d6ba7186e1800a8753cef86fa152e5a152c"
    corrected = replace(original, as_original=False)
    assert (markers.digest_part_inputs(second, "2", original), markers.digest_part_inputs(first, "1", corrected)) == (
        "93663f5008ed5c92c1dad7030a93e9c23f4a4e75974393cb04a479419b1178f3",
        "1a8c85d93ac5fcbf2c5b672f70e98e0a2a5d29d066228393ac9bcd378540ea8f",
    )


def test_every_input_changes_the_digest() -> None:
    def digest(inputs: Inputs = INPUTS, item: SourceConfig = A, sha256: str = "1") -> str:
        return digest_inputs(add_sources(inputs, [item], {"a.pbf": sha256}))

    others = [
        digest(sha256="2"),
        digest(item=SourceConfig("a.pbf", "https://e.org/a.pbf", disable_voronoi=True)),
        digest(item=SourceConfig("a.pbf", "https://e.org/a.pbf", attribution=(Credit(text="Amt"),))),
        *(digest(replace(INPUTS, **change)) for change in CHANGES),
    ]
    assert len({digest(), *others}) == len(others) + 1


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T22:10:00Z", "2026-11-22T23:10:00+01:00", "2026-11-22 22:10:00 +0000 UTC", "2026-11-22T22:10:00"],
)
def test_a_release_is_named_by_its_start_in_utc_and_its_inputs(text: str) -> None:
    assert make_release_id(parse_start_time(text), "3f9ab2c1" + "0" * 56) == "20261122t221000-3f9ab2c1"


def test_a_start_that_is_no_time_is_refused() -> None:
    with pytest.raises(StepError, match="--started 'soon' is not a time"):
        parse_start_time("soon")


class Slow:
    """A stream that says how far it was read, and may end badly."""

    def __init__(self, content: bytes, error: Exception | None = None) -> None:
        self.stream, self.error = io.BytesIO(content), error

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        if not data and self.error is not None:
            raise self.error
        return data


def test_reading_ahead_gives_the_same_bytes() -> None:
    content = random.Random(3).randbytes(10_000)
    with ReadAheadStream(Slow(content), block=7, depth=3) as ahead:
        assert b"".join(iter(lambda: ahead.read(1000), b"")) == content
        assert ahead.read(5) == b""
    with ReadAheadStream(Slow(content)) as ahead:
        assert ahead.read() == content


def test_reading_ahead_passes_failures_on_and_never_looks_complete() -> None:
    with (
        pytest.raises(TransientError, match="broke"),
        ReadAheadStream(Slow(b"x" * 100, TransientError("broke"))) as ahead,
    ):
        while True:
            assert ahead.read(1000) != b""


def test_reading_ahead_stops_with_its_reader() -> None:
    with pytest.raises(ZeroDivisionError), ReadAheadStream(Slow(b"x" * 10_000), block=1, depth=2) as ahead:
        ahead.read(1)
        raise ZeroDivisionError
    ahead._thread.join(10)
    assert not ahead._thread.is_alive()


def test_a_changed_source_is_not_asked_again_for_the_same() -> None:
    with pytest.raises(SourceChangedError):
        Backoff(attempts=5, first=0).wait_or_raise(1, SourceChangedError("x"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"d41d8cd98f00b204e9800998ecf8427e  a.pbf\n", "d41d8cd98f00b204e9800998ecf8427e"),
        (b"MD5 (a.pbf) = D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"),
        (b"<html>not found</html>", None),
        (b"a" * 64, None),
        (b"", None),
    ],
)
def test_checksum_files(text: bytes, found: str | None) -> None:
    assert find_md5(text) == found


@pytest.mark.parametrize(
    ("version", "date"),
    [
        (FileVersion("https://e.org/europe-261122.osm.pbf?x=1"), "2026-11-22"),
        (FileVersion("https://e.org/liechtenstein-2013-08-03.osm.pbf", last_modified="x"), "2013-08-03"),
        (FileVersion("https://e.org/planet-261122.osm.pbf"), "2026-11-22"),
        (FileVersion("https://e.org/part-123456.osm.pbf"), None),
        (FileVersion("https://e.org/a.pbf", last_modified="Sat, 21 Nov 2026 22:10:00 GMT"), "2026-11-21"),
        (FileVersion("https://e.org/liechtenstein-2013-08-03.osm.pbf", last_modified="x"), "2013-08-03"),
        (FileVersion("https://e.org/planet-261122.osm.pbf"), "2026-11-22"),
        (FileVersion("https://e.org/part-123456.osm.pbf"), None),
        (FileVersion("https://e.org/a.pbf", last_modified="nonsense"), None),
        (FileVersion("https://e.org/a.pbf"), None),
    ],
)
def test_the_date_of_the_data(version: FileVersion, date: str | None) -> None:
    assert version.data_date == date
