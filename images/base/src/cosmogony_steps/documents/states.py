# SPDX-License-Identifier: Apache-2.0
"""States, verdicts and kinds in documents and in the catalog of releases."""

from __future__ import annotations

from enum import StrEnum


class ReleaseState(StrEnum):
    """State of a data release."""

    MERGED = "merged"  # the zones of the release are in the bucket, not yet in the database
    LOADING = "loading"  # the database does not have all zones of the release yet
    LOADED = "loaded"
    PUBLISHED = "published"  # the release is, or was, the live one
    RETIRED = "retired"  # the release was live, and another one was published after it


class GateVerdict(StrEnum):
    """Verdict of the checks before a release is published."""

    PASSED = "passed"
    BLOCKED = "blocked"
    OVERRIDDEN = "overridden"  # blocked, but somebody gave a reason to publish it


class RunResult(StrEnum):
    """Result of a data update."""

    PUBLISHED = "published"
    CURRENT = "current"  # no source had changed, so no release was made
    DONE = "done"  # a run of another kind than an update succeeded
    BLOCKED = "blocked"  # the gate blocked the release of the run
    FAILED = "failed"


class SourceState(StrEnum):
    """State of a source in a plan."""

    NEW = "new"
    CHANGED = "changed"
    FETCH_AGAIN = "to fetch again"
    EXTRACT = "to extract"
    UNCHANGED = "unchanged"


class WarningKind(StrEnum):
    """Kind of a problem of a source that does not block the release."""

    NO_MD5 = "no-md5"
    INCOMPLETE = "incomplete"
    BROKEN_GEOMETRY = "broken_geometry"
    NO_AREA = "no_area"


class CountStatus(StrEnum):
    """Result of comparing a number of zones with the expected range."""

    OK = "ok"
    KO = "ko"
    SKIP = "skip"  # the data do not contain the zone below which zones are counted


class IncompletePolicy(StrEnum):
    """What the gate does with an extract that does not contain all of its country."""

    BLOCK = "block"
    ALLOW = "allow"
