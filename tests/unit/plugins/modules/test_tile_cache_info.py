# SPDX-License-Identifier: Apache-2.0
"""Module tile_cache_info: what it counts in the access log of nginx."""

from __future__ import annotations

import json

from ansible_collections.cosmogony.stack.plugins.modules.tile_cache_info import count_hits, summarize_pods

TILE = "/tiles/cosmogony/11/1078/719.pbf?v=20261122t221000-3f9ab2c1"


def line(cache, uri=TILE, time="2026-11-26T19:06:33+00:00"):
    return json.dumps({"time": time, "uri": uri, "status": 200, "cache": cache})


def test_counts_tiles_of_releases_only():
    log = [
        'cut":"line","cache":"HIT"}',
        '{"cut',
        "not JSON",
        line("", "/"),
        line("HIT", "/tiles/cosmogony/11/1078/719.pbf", "2026-11-26T19:00:00+00:00"),
        line("MISS", time="2026-11-26T19:01:00+00:00"),
        line("HIT"),
        line("STALE", TILE.replace("?v=", "?x=1&v=")),
        line("EXPIRED"),
        line(""),
    ]
    assert count_hits(log) == {"requests": 4, "hits": 2, "since": "2026-11-26T19:01:00+00:00"}


def test_log_without_tiles():
    assert count_hits(["", line("", "/")]) == {"requests": 0, "hits": 0, "since": ""}


def test_sums_over_pods():
    pods = [{"requests": 3, "hits": 2, "bytes": 10}, {"requests": 0, "hits": 0, "bytes": 5}]
    total = summarize_pods(pods)
    assert (total["requests"], total["hits"], total["hit_rate"], total["bytes"]) == (3, 2, 66.7, 15)


def test_hit_rate_and_size_may_be_unknown():
    total = summarize_pods([{"requests": 0, "hits": 0, "bytes": None}])
    assert (total["hit_rate"], total["bytes"]) == (None, None)
    assert summarize_pods([])["bytes"] == 0
