# SPDX-License-Identifier: Apache-2.0
"""Process the sources of a batch one after the other, and report at the end which of them failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from cosmogony_steps import log
from cosmogony_steps.documents import PlanItem
from cosmogony_steps.errors import StepError, TerminatedError, TransientError
from cosmogony_steps.progress import Progress
from cosmogony_steps.shortening import join_first

MAX_NAMED = 5  # most failures that a message names
MAX_CONSECUTIVE_FAILURES = 2  # failures one after the other that a retry may cure, after which a batch ends

NO_FILE = ""  # progress file of one source among several: none, as Argo reads the progress of the batch
T = TypeVar("T")


def process_batch(items: Sequence[PlanItem], process: Callable[[PlanItem, str | None], T]) -> list[T]:
    """Return the results of `process` for all sources of a batch; a failed source does not stop the others.

    Finished work is kept: a batch that is run again continues at its first source without a valid marker.

    Args:
        items: the sources.
        process: receives a source and the file for its progress, None for the one that Argo reads.

    Raises:
        StepError: sources failed, at least one of them permanently.
        TransientError: sources failed, all of them transiently.
    """
    if len(items) == 1:
        return [process(items[0], None)]
    results: list[T] = []
    failures: list[StepError] = []
    consecutive = 0
    progress = Progress("sources", len(items), format_amount=lambda count: f"{count:.0f}", line_every=60, file_every=0)
    for number, item in enumerate(items, start=1):
        place = f"({number} of {len(items)})"
        log.info(f"source {item.name} {place}")
        try:
            results.append(process(item, NO_FILE))
            consecutive = 0
        except TerminatedError:
            raise
        except StepError as error:
            failures.append(_add_place(error, item, place))
            log.error(str(failures[-1]))
            consecutive = consecutive + 1 if isinstance(error, TransientError) else 0
            if consecutive == MAX_CONSECUTIVE_FAILURES:
                break
        progress.advance()
    progress.end()
    raise_failures(failures, f"of {len(items)} sources")
    return results


def raise_failures(failures: Sequence[StepError], of_all: str) -> None:
    """Raise one error that names these failures; do nothing without any.

    Args:
        failures: the errors.
        of_all: how many there could be, such as `of 7 sources`.

    Raises:
        TransientError: all of them are transient, so that a retry can help.
        StepError: at least one is permanent.
    """
    if not failures:
        return
    transient = [failure for failure in failures if isinstance(failure, TransientError)]
    permanent = [failure for failure in failures if failure not in transient]
    kind = StepError if permanent else TransientError
    count = f"{len(failures)} {of_all} failed: " if len(failures) > MAX_NAMED else ""
    texts = [str(failure) for failure in (*permanent, *transient)]
    raise kind(count + join_first(texts, MAX_NAMED, separator="; ")) from failures[0]


def _add_place(error: StepError, item: PlanItem, place: str) -> StepError:
    text = str(error) if item.name in str(error) else f"source {item.name}: {error}"
    kind = TransientError if isinstance(error, TransientError) else StepError
    return kind(f"{text} {place}")
