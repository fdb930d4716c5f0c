# SPDX-License-Identifier: Apache-2.0
"""Keys of the objects in the bucket.

osm/FILE, osm/FILE.json                                    a source and its marker
cosmogony-data/parts/FILE.jsonl.gz, .../FILE.json          its zones and their marker
cosmogony-data/concat/                                     zones and statistics of the latest release
releases/ID/                                               zones, manifest, statistics, summary of a release
runs/NAME/                                                 plan and summary of a run; NAME is that of the workflow
"""

from __future__ import annotations

import re

from .errors import UsageError

SOURCES = "osm/"
PARTS = "cosmogony-data/parts/"
LATEST = "cosmogony-data/concat/"
RELEASES = "releases/"
RUNS = "runs/"

MARKER = ".json"  # suffix of the key of a marker; the rest is the name of the file that it describes
ZONES = ".jsonl.gz"  # suffix of the key of a file of zones

_RUN = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")

LATEST_ZONES = f"{LATEST}cosmogony{ZONES}"
LATEST_STATISTICS = f"{LATEST}tests_results.json"  # spelled as in the original Cosmogony

RELEASE_FILES = (f"zones{ZONES}", "manifest.json", "test_results.json", "summary.json")


def get_source_key(name: str) -> str:
    """Return the key of a fetched OSM extract; `name` is that of its file."""
    return f"{SOURCES}{name}"


def get_source_marker_key(name: str) -> str:
    """Return the key of the JSON document that says what a fetched OSM extract was made from."""
    return f"{SOURCES}{name}{MARKER}"


def get_part_key(name: str) -> str:
    """Return the key of a part: the file with the zones of one source."""
    return f"{PARTS}{name}{ZONES}"


def get_part_marker_key(name: str) -> str:
    """Return the key of the JSON document that says what a part, the zones of one source, was made from."""
    return f"{PARTS}{name}{MARKER}"


def get_release_prefix(release_id: str) -> str:
    """Return the prefix that the keys of all objects of a release have."""
    return f"{RELEASES}{release_id}/"


def get_release_zones_key(release_id: str) -> str:
    """Return the key of the file with all zones of a release."""
    return f"{RELEASES}{release_id}/zones{ZONES}"


def get_release_manifest_key(release_id: str) -> str:
    """Return the key of the manifest of a release."""
    return f"{RELEASES}{release_id}/manifest.json"


def get_release_statistics_key(release_id: str) -> str:
    """Return the key of the statistics of a release."""
    return f"{RELEASES}{release_id}/test_results.json"


def get_release_summary_key(release_id: str) -> str:
    """Return the key of the summary of the run that published a release."""
    return f"{RELEASES}{release_id}/summary.json"


def get_run_plan_key(run: str) -> str:
    """Return the key of the plan of a run."""
    return f"{RUNS}{run}/plan.json"


def get_run_summary_key(run: str) -> str:
    """Return the key of the summary of a run."""
    return f"{RUNS}{run}/summary.json"


def get_former_run_summary_key(run: str) -> str:
    """Return the key that earlier versions used for the summary of a run: runs/NAME.json."""
    return f"{RUNS}{run}.json"


def find_run_name(key: str) -> str:
    """Return the name of the run whose plan or summary has this key; empty for other keys."""
    name, slash, file = key.removeprefix(RUNS).partition("/")
    if not key.startswith(RUNS) or not name:
        return ""
    if slash:
        return name if file in ("plan.json", "summary.json") else ""
    return name.removesuffix(MARKER) if name.endswith(MARKER) else ""


def validate_run_name(name: str) -> str:
    """Return the name of a run unchanged, if a workflow can have it.

    Raises:
        UsageError: no workflow can have this name.
    """
    if not _RUN.fullmatch(name):
        raise UsageError(f"--run {name!r} is not the name of a workflow, such as cosmogony-update-x7k2p")
    return name
