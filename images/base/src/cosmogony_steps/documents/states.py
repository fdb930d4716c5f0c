# SPDX-License-Identifier: Apache-2.0
"""States, verdicts and kinds in documents and in the catalog of releases."""

from __future__ import annotations

from enum import StrEnum


class ReleaseState(StrEnum):
    """State of a data release."""

    MERGED = "merged"  # its zones are in the bucket
    LOADING = "loading"  # its schema is incomplete
    LOADED = "loaded"
    PUBLISHED = "published"  # it is, or was, the live one
    RETIRED = "retired"  # was live once, and another one was published after it


class GateVerdict(StrEnum):
    """Verdict of the checks before a release is published."""

    PASSED = "passed"
    BLOCKED = "blocked"
    OVERRIDDEN = "overridden"  # blocked, but somebody gave a reason to publish it


class RunResult(StrEnum):
    """Result of a data update."""

    PUBLISHED = "published"
    CURRENT = "current"  # nothing was new
    DONE = "done"  # another kind of run, which succeeded
    BLOCKED = "blocked"  # by the gate
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
    SKIP = "skip"  # the root zone is not in the data


class IncompletePolicy(StrEnum):
    """What the gate does with an extract that does not contain all of its country."""

    BLOCK = "block"
    ALLOW = "allow"
