# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""A service that is waited for, what it answered, and the two ways in which it is not ready."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

# What one attempt may take, however much time is left.
LONGEST_ATTEMPT = 5.0
SHORTEST_ATTEMPT = 1.0


class NotReadyError(Exception):
    """The service does not do what is needed; ``final`` when waiting does not cure that."""

    def __init__(self, reason: str, cause: str, advice: str, *, final: bool = False) -> None:
        super().__init__(f"{cause}: {advice}")
        self.reason = reason
        self.cause = cause
        self.advice = advice
        self.final = final


def refused(reason: str, cause: str, advice: str) -> NotReadyError:
    """Make the error of a service that answered no, and will again."""
    return NotReadyError(reason, cause, advice, final=True)


@dataclass
class Backend:
    """One service, asked until it is ready or refuses."""

    subject: str
    probe: Callable[[float], dict[str, Any]]
    attempts: int = 0
    ready: bool = False
    error: NotReadyError | None = None
    latency: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether it said no in a way that waiting does not cure."""
        return not self.ready and self.error is not None and self.error.final

    def attempt(self, budget: float, now: Callable[[], float]) -> None:
        """Ask once."""
        self.attempts += 1
        started = now()
        try:
            self.facts = self.probe(budget)
        except NotReadyError as error:
            self.error = error
        else:
            self.ready = True
            self.latency = now() - started

    def failure(self, elapsed: float) -> str:
        """Say what is not ready, why, and what to do next."""
        if self.error is None:
            return f"{self.subject}: was not asked"
        waited = ""
        if not self.error.final:
            attempts = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
            waited = f", still so after {elapsed:.0f} s and {attempts}"
        return f"{self.subject}: {self.error.cause}{waited}: {self.error.advice}"

    def result(self) -> dict[str, Any]:
        """Return what the module reports about this service."""
        return {
            "ready": self.ready,
            "reason": "ready" if self.ready else self.error.reason if self.error else "not_asked",
            "attempts": self.attempts,
            "latency_ms": None if self.latency is None else round(self.latency * 1000, 1),
            "last_error": f"{self.error.cause}: {self.error.advice}" if self.error else None,
            **self.facts,
        }


def wait_for(
    backends: Sequence[Backend],
    timeout: float,
    interval: float,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """Ask all services at once and then every ``interval`` seconds; return the seconds it took.

    Ends when all are ready, when one refuses, or when ``timeout`` is over (after a last attempt then).
    """
    started = now()
    while True:
        for backend in backends:
            if not backend.ready:
                left = started + timeout - now()
                backend.attempt(max(SHORTEST_ATTEMPT, min(LONGEST_ATTEMPT, left)), now)
        elapsed = now() - started
        if all(backend.ready for backend in backends) or any(backend.refused for backend in backends):
            return elapsed
        if elapsed >= timeout:
            return elapsed
        sleep(min(interval, timeout - elapsed))
