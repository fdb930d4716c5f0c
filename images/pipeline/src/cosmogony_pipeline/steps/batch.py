# SPDX-License-Identifier: Apache-2.0
"""Work on the sources of a batch one after the other, and say at the end which of them failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from cosmogony_steps import log
from cosmogony_steps.documents import PlanItem
from cosmogony_steps.errors import StepError, TerminatedError, TransientError
from cosmogony_steps.progress import Progress
from cosmogony_steps.shortening import join_first

NAMED = 5  # failures in a message
IN_A_ROW = 2  # transient failures, after which the next source is not tried: its server, or the bucket, is away

NO_FILE = ""  # of progress: Argo sees that of the batch
T = TypeVar("T")


def work_through(items: Sequence[PlanItem], work: Callable[[PlanItem, str | None], T]) -> list[T]:
    """Do the work for each source; one that fails does not keep the others from theirs.

    What is done stays done: tried again, a batch continues at its first source without a good marker.

    Args:
        items: the sources.
        work: receives a source and the file for its progress, None for Argo's.

    Raises:
        StepError: the work failed for a source, of several for good.
        TransientError: it failed for none for good.
    """
    if len(items) == 1:
        return [work(items[0], None)]
    results: list[T] = []
    failures: list[StepError] = []
    in_a_row = 0
    progress = Progress("sources", len(items), format_amount=lambda count: f"{count:.0f}", line_every=60, file_every=0)
    for number, item in enumerate(items, start=1):
        place = f"({number} of {len(items)})"
        log.info(f"source {item.name} {place}")
        try:
            results.append(work(item, NO_FILE))
            in_a_row = 0
        except TerminatedError:
            raise
        except StepError as error:
            failures.append(_with_place(error, item, place))
            log.error(str(failures[-1]))
            in_a_row = in_a_row + 1 if isinstance(error, TransientError) else 0
            if in_a_row == IN_A_ROW:
                break
        progress.advance()
    progress.end()
    raise_failures(failures, f"of {len(items)} sources")
    return results


def raise_failures(failures: Sequence[StepError], of_all: str) -> None:
    """Raise an error that names the failures, if there are any; a retry can help only if it can help all of them.

    Raises:
        StepError: see above.
    """
    if not failures:
        return
    passing = [failure for failure in failures if isinstance(failure, TransientError)]
    lasting = [failure for failure in failures if failure not in passing]
    kind = StepError if lasting else TransientError
    count = f"{len(failures)} {of_all} failed: " if len(failures) > NAMED else ""
    texts = [str(failure) for failure in (*lasting, *passing)]
    raise kind(count + join_first(texts, NAMED, separator="; ")) from failures[0]


def _with_place(error: StepError, item: PlanItem, place: str) -> StepError:
    """The error with name and number of its source."""
    text = str(error) if item.name in str(error) else f"source {item.name}: {error}"
    kind = TransientError if isinstance(error, TransientError) else StepError
    return kind(f"{text} {place}")
