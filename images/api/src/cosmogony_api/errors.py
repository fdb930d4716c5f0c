# SPDX-License-Identifier: Apache-2.0
"""Errors that become answers; werkzeug's exceptions are used for the others."""

from __future__ import annotations

from werkzeug.exceptions import NotImplemented as NotImplementedAnswer


class UnavailableError(Exception):
    """The request cannot be answered now: it gets 503 with this message and Retry-After in seconds."""

    def __init__(self, message: str, *, cause: str = "", retry_after: int = 5) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.retry_after = retry_after


class UnpreparedReleaseError(NotImplementedAnswer):
    """The release has not the tables that the request needs: 501, with the way to make them."""

    def __init__(self, release: str | None) -> None:
        what = f"Release {release} was loaded by an earlier version, which" if release else "This database"
        super().__init__(
            f"{what} did not prepare what this address needs; the next data update makes a release that has it "
            "(ansible-playbook playbooks/data_update.yml)"
        )
