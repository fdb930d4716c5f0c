# SPDX-License-Identifier: Apache-2.0
"""Progress of work whose parts take about the same time, with an estimate of the time that is left."""

from __future__ import annotations

from cosmogony_steps import progress


def format_duration(seconds: float) -> str:
    """Return a duration as text in the form of the original importer: 1:02:03."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


class TimedProgress(progress.Progress):
    """Progress that logs the time taken and an estimate of the time left, at most every five seconds."""

    def __init__(self, subject: str, total: int = 0, share: tuple[int, int] | None = None) -> None:
        """Start to count work, of which nothing is done yet.

        Args:
            subject: what is counted.
            total: how much there is in all; 0 when that is not known.
            share: from and to, in per cent of the step; None when this work is the whole step.
        """
        super().__init__(subject, total, share=share, line_every=5.0, file_every=5.0)

    def describe(self) -> str:
        """Return a line for the log: amount done, time taken, and about how much time is left."""
        spent = self.elapsed_seconds
        if not self.total:
            return f"{self.subject}: {self.done} in {format_duration(spent)}"
        per_cent = 100 * self.done // self.total
        text = f"{self.subject}: {self.done} of {self.total} ({per_cent} %) in {format_duration(spent)}"
        if 0 < self.done < self.total:
            text += f", about {format_duration(spent / self.done * (self.total - self.done))} left"
        return text
