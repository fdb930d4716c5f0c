# SPDX-License-Identifier: Apache-2.0
"""Progress for people (lines on standard output) and for Argo (its progress file)."""

from __future__ import annotations

import sys
from pathlib import Path

from cosmogony_steps import progress


def say(text: str) -> None:
    print(text, flush=True)


def note(text: str) -> None:
    """For people only: standard output may be read by a program."""
    print(text, file=sys.stderr, flush=True)


def duration(seconds: float) -> str:
    """Hours, minutes, seconds as the original importer wrote them."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


class Progress(progress.Progress):
    """Progress that says how long it has taken and what is left, at most every five seconds.

    `part` is the share of a step's work in per cent, from and to, when there is more than this to do in the step.
    """

    def __init__(self, subject: str, total: int = 0, part: tuple[int, int] | None = None) -> None:
        super().__init__(subject, total, part=part, say=say, line_every=5.0, file_every=5.0)

    def line(self) -> str:
        spent = self.seconds
        if not self.total:
            return f"{self.subject}: {self.done} in {duration(spent)}"
        text = f"{self.subject}: {self.done} of {self.total} ({100 * self.done // self.total} %) in {duration(spent)}"
        if 0 < self.done < self.total:
            text += f", about {duration(spent / self.done * (self.total - self.done))} left"
        return text


def write_outputs(folder: str, values: dict[str, object]) -> None:
    """Write output parameters of a step, one file a value."""
    base = Path(folder)
    base.mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        (base / name).write_text(str(value))
