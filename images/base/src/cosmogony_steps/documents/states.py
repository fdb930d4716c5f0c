# SPDX-License-Identifier: Apache-2.0
"""The words that documents and the catalog of releases use for states, verdicts and kinds."""

from __future__ import annotations

from enum import StrEnum


class ReleaseState(StrEnum):
    """Where a data release is on its way."""

    MERGED = "merged"  # its zones are in the bucket
    LOADING = "loading"  # its schema is incomplete
    LOADED = "loaded"
    PUBLISHED = "published"  # it is, or was, the live one
    RETIRED = "retired"  # another one was published after it


class GateVerdict(StrEnum):
    """What came of the checks before a release is published."""

    PASSED = "passed"
    BLOCKED = "blocked"
    OVERRIDDEN = "overridden"  # somebody gave a reason to publish it anyway


class RunResult(StrEnum):
    """What came of a data update."""

    PUBLISHED = "published"
    CURRENT = "current"  # nothing was new
    DONE = "done"  # anything else that went well
    BLOCKED = "blocked"  # by the gate
    FAILED = "failed"


class SourceState(StrEnum):
    """What a plan found out about a source."""

    NEW = "new"
    CHANGED = "changed"
    FETCH_AGAIN = "to fetch again"
    EXTRACT = "to extract"
    UNCHANGED = "unchanged"


class WarningKind(StrEnum):
    """What somebody should look at in a source, although a release can be made with it."""

    NO_MD5 = "no-md5"
    INCOMPLETE = "incomplete"
    BROKEN_GEOMETRY = "broken_geometry"
    NO_AREA = "no_area"


class CountStatus(StrEnum):
    """How a number of zones compares with the expected one."""

    OK = "ok"
    KO = "ko"
    SKIP = "skip"  # its root zone is not in the data


class IncompletePolicy(StrEnum):
    """What the gate does about sources that do not hold their own country completely."""

    BLOCK = "block"
    ALLOW = "allow"
