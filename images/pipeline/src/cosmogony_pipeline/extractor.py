# SPDX-License-Identifier: Apache-2.0
"""Run the extractor inside a step: translate its progress and its errors to those of steps."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from cosmogony.errors import CosmogonyError
from cosmogony_steps import heartbeat, log
from cosmogony_steps.errors import StepError
from cosmogony_steps.progress import Progress

# the share of all work, from 0 to 1, that is done when each stage of the extractor begins and ends
_STAGES = {
    "reading zones": (0.0, 0.8),  # only a merge has this stage
    "reading relations": (0.0, 0.1),
    "reading ways": (0.1, 0.25),
    "assembling areas": (0.25, 0.4),
    "measuring areas": (0.4, 0.45),
    "finding inclusions": (0.45, 0.7),
    "dividing parents": (0.7, 0.8),
    "writing zones": (0.8, 1.0),
}


class StageProgress:
    """The progress function of the extractor in a step: turns stages into a number of zones, and logs each stage.

    Every report that differs from the one before is a heartbeat, even in stages that do not move Argo's progress.
    """

    def __init__(self, subject: str, progress_file: str | None = None) -> None:
        self._subject = subject
        self._last = ("", 0, 0)
        self._zones = 0
        self._progress = Progress(
            subject, None, format_amount=lambda count: f"{count:.0f} zones", path=progress_file, line_every=float("inf")
        )

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that `done` of `total` units of a stage are done; `total` is 0 where it is unknown."""
        if stage != self._last[0]:
            log.info(f"{self._subject}: {stage}" + (f" ({total})" if total else ""))
        if (stage, done, total) != self._last:
            self._last = (stage, done, total)
            heartbeat.beat(f"{self._subject}: {stage}", done, total)
        begin, end = _STAGES.get(stage, (0.0, 0.0))
        if stage in ("assembling areas", "writing zones"):
            self._zones = total
        share = begin + (end - begin) * (done / total if total else 0)
        if self._zones and share:
            self._progress.set(int(share * self._zones), self._zones)

    def finish(self, zones: int) -> None:
        """Report that the extractor has finished, with its number of zones."""
        self._progress.set(zones, zones)
        self._progress.end()


@contextmanager
def report_stages(subject: str, progress_file: str | None = None) -> Iterator[StageProgress]:
    """Yield a progress function for the extractor, and translate the errors that the extractor raises.

    Args:
        subject: what messages begin with, such as `source NAME`.
        progress_file: the file that Argo reads; None means the one of the environment, blank means none.

    Raises:
        StepError: the extractor failed, or memory ran out.
        OSError: the disk is full; the caller knows the folder, and can say more about it.
    """
    try:
        yield StageProgress(subject, progress_file)
    except CosmogonyError as error:
        raise _translate_error(subject, error) from error
    except MemoryError as error:
        raise StepError(f"{subject}: not enough memory; raise the memory limit of the step") from error


def _translate_error(subject: str, error: CosmogonyError) -> Exception:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return OSError(cause.errno, cause.strerror)
        cause = cause.__cause__
    return StepError(f"{subject}: {' '.join(str(error).split())}")
