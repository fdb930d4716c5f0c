# SPDX-License-Identifier: Apache-2.0
"""Where things lie in the bucket."""

from __future__ import annotations

CONCAT = "cosmogony-data/concat/cosmogony.jsonl.gz"


def source(name: str) -> str:
    return f"osm/{name}"


def source_marker(name: str) -> str:
    return f"osm/{name}.json"


def part(name: str) -> str:
    return f"cosmogony-data/parts/{name}.jsonl.gz"


def part_marker(name: str) -> str:
    return f"cosmogony-data/parts/{name}.json"


def release_zones(release: str) -> str:
    return f"releases/{release}/zones.jsonl.gz"


def release_manifest(release: str) -> str:
    return f"releases/{release}/manifest.json"
