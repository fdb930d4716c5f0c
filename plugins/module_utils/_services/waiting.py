# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Services that are asked again and again until they are ready or refuse."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import ServiceError

# Seconds that one attempt may take at most, even when more time is left.
LONGEST_ATTEMPT = 5.0
SHORTEST_ATTEMPT = 1.0


@dataclass
class AwaitedService:
    """A service that is asked until it is ready, with the number of attempts and the last answer or error.

    Attributes:
        subject: How messages call it.
        probe: Asks it once, within the given seconds; returns facts or raises ServiceError.
        attempts: How often it was asked.
        ready: Whether it has answered well.
        error: What was wrong last.
        latency: Seconds of the attempt that succeeded.
        facts: What it answered.
    """

    subject: str
    probe: Callable[[float], dict[str, Any]]
    attempts: int = 0
    ready: bool = False
    error: ServiceError | None = None
    latency: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def has_refused(self) -> bool:
        """Whether the service refused in a way that waiting does not change."""
        return not self.ready and self.error is not None and self.error.final

    def ask_once(self, timeout: float, now: Callable[[], float]) -> None:
        """Ask the service once, within ``timeout`` seconds, and record its answer or error."""
        self.attempts += 1
        started = now()
        try:
            self.facts = self.probe(timeout)
        except ServiceError as error:
            self.error = error
        else:
            self.ready = True
            self.latency = now() - started

    def describe_failure(self, elapsed: float) -> str:
        """Return a message: which service is not ready, why, and what to do next."""
        if self.error is None:
            return f"{self.subject}: was not asked"
        waited = ""
        if not self.error.final:
            attempts = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
            waited = f", still so after {elapsed:.0f} s and {attempts}"
        return f"{self.subject}: {self.error.cause}{waited}: {self.error.advice}"

    def to_result(self) -> dict[str, Any]:
        """Return what module readiness reports about this service."""
        return {
            "ready": self.ready,
            "reason": "ready" if self.ready else self.error.reason if self.error else "not_asked",
            "attempts": self.attempts,
            "latency_ms": None if self.latency is None else round(self.latency * 1000, 1),
            "last_error": str(self.error) if self.error else None,
            **self.facts,
        }


def wait_for_services(
    backends: Sequence[AwaitedService],
    timeout: float,
    interval: float,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """Ask all services immediately and then every ``interval`` seconds; return the seconds it took.

    Ends when all are ready, when one refuses, or when ``timeout`` is over (after a last attempt then).
    """
    started = now()
    while True:
        for backend in backends:
            if not backend.ready:
                left = started + timeout - now()
                backend.ask_once(max(SHORTEST_ATTEMPT, min(LONGEST_ATTEMPT, left)), now)
        elapsed = now() - started
        if all(backend.ready for backend in backends) or any(backend.has_refused for backend in backends):
            return elapsed
        if elapsed >= timeout:
            return elapsed
        sleep(min(interval, timeout - elapsed))
