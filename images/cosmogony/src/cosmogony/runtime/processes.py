# SPDX-License-Identifier: Apache-2.0
"""Call a function in forked child processes, which share the memory of the parent; results keep their order.

Each child has its own pipe, and the parent runs no other thread. The pools of the standard library share locks between
threads or processes. An exception that a signal handler raises at the wrong moment leaves such a lock taken, and the
next thread or process that needs it waits forever.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import pickle
import signal
import time
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, Generic, NoReturn, TypeVar

from ..errors import CosmogonyError

T = TypeVar("T")

_QUEUED_PER_CHILD = 2  # numbers sent to a child ahead: the one it computes and the next
_END_TIMEOUT = 5.0  # seconds to wait for the end of a child process
_PR_SET_PDEATHSIG = 1
_MEMORY_ADVICE = "give this step more memory, or fewer processes (--num-threads)"
_DEBUG_ADVICE = "run this step with --num-threads 1 to see the cause"
# loaded before any fork: loading in a child may wait forever for a lock that was taken at the fork
_libc = ctypes.CDLL(None)


def count_available_cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0))


def map_in_processes(function: Callable[[int], T], count: int, processes: int) -> Generator[T, None, None]:
    """Yield the results of `function(0)` to `function(count - 1)` in order, computed by up to `processes` children.

    Only a few answers are computed ahead. No child outlives the generator, or the thread that took the first answer, so
    close a generator that is not exhausted.

    Args:
        function: its answers must be picklable.
        count: how many numbers it is called with.
        processes: with less than 2, everything is computed in this process.

    Raises:
        CosmogonyError: a child died, or none can be started.
        Exception: what the function raised in the first child where it did.
    """
    if processes < 2 or count < 2:
        yield from map(function, range(count))
        return
    children: list[_Child[T]] = []
    try:
        for _ in range(min(processes, count)):
            children.append(_Child(function))
        yield from _collect_answers(children, count)
        for child in children:
            child.send(None)
        for child in children:
            child.wait_for_end()
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.wait_for_end()


def _collect_answers(children: Sequence[_Child[T]], count: int) -> Iterator[T]:
    by_connection: dict[object, _Child[T]] = {child.connection: child for child in children}
    connections = [child.connection for child in children]
    most = 2 * len(children) + 2  # most results that are being computed or wait for the caller
    waiting: dict[int, T] = {}
    sent = 0
    for number in range(count):
        while True:
            child = min(children, key=lambda child: len(child.numbers))
            if sent < min(count, number + most) and len(child.numbers) < _QUEUED_PER_CHILD:
                child.compute(sent)
                sent += 1
            elif number in waiting:
                break
            else:
                for connection in wait(connections):
                    done, answer = by_connection[connection].receive(count)
                    waiting[done] = answer
        yield waiting.pop(number)


class _Child(Generic[T]):
    """A forked child process that receives numbers and answers with the result of `function` for each."""

    def __init__(self, function: Callable[[int], T]) -> None:
        self.numbers: deque[int] = deque()  # numbers that were sent to the child and not answered yet
        self._ended: int | None = None
        self.connection, theirs = multiprocessing.Pipe()
        parent = os.getpid()
        # A handler that raised in the child would lead into code of the parent: signals wait until handlers are reset.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self.pid = _fork()
            if self.pid == 0:
                _run_child(function, self.connection, theirs, parent, mask)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs.close()

    def compute(self, number: int) -> None:
        self.numbers.append(number)
        self.send(number)

    def send(self, number: int | None) -> None:
        with contextlib.suppress(OSError):  # the child is dead: `receive` will raise after its last answers
            self.connection.send(number)

    def receive(self, count: int) -> tuple[int, T]:
        """Wait for the next answer; return its number and result. The error about a dead child contains `count`."""
        try:
            data = self.connection.recv_bytes()
        except (EOFError, OSError):
            raise CosmogonyError(self._describe_death(count)) from None
        answer, error = pickle.loads(data)  # noqa: S301 - from a child of this process
        if error is not None:
            raise error
        return self.numbers.popleft(), answer

    def _describe_death(self, count: int) -> str:
        self.wait_for_end()
        doing = f"computed part {self.numbers[0] + 1} of {count}" if self.numbers else "had nothing to do"
        if self._ended == -signal.SIGKILL:
            how, next_step = "was killed", f"out of memory? {_MEMORY_ADVICE}"
        elif self._ended is not None and self._ended < 0:
            how, next_step = f"was ended by signal {-self._ended} ({signal.strsignal(-self._ended)})", _DEBUG_ADVICE
        else:
            how, next_step = f"ended with exit code {self._ended}", _DEBUG_ADVICE
        return f"child process {self.pid} {how} while it {doing}: {next_step}"

    def kill(self) -> None:
        if self._ended is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait_for_end(self) -> None:
        """Wait until the child process has ended, at most `_END_TIMEOUT` seconds."""
        until = time.monotonic() + _END_TIMEOUT
        while self._ended is None and time.monotonic() < until:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # its status was read already, but a signal handler raised before it was stored
                self._ended = 0
                return
            if pid:
                self._ended = os.waitstatus_to_exitcode(status)
            else:
                time.sleep(0.002)


def _fork() -> int:
    with warnings.catch_warnings():
        # Python warns of a fork with threads; those of libosmium only wait by now, and children never call it
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return os.fork()
        except OSError as cause:
            raise CosmogonyError(f"no child process can be started ({cause.strerror}): {_MEMORY_ADVICE}") from cause


def _run_child(
    function: Callable[[int], Any],
    parents: Connection,
    connection: Connection,
    parent: int,
    mask: set[int | signal.Signals],
) -> NoReturn:
    """Answer numbers in the child process until the parent sends None, then exit the process."""
    code = 1
    try:
        parents.close()
        _die_with_parent(parent)
        for number in signal.valid_signals():
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        while (number := connection.recv()) is not None:
            connection.send_bytes(_compute_pickled(function, number))
        code = 0
    finally:
        os._exit(code)


def _die_with_parent(parent: int) -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)  # the parent died before prctl was called, which cannot notice that


def _compute_pickled(function: Callable[[int], Any], number: int) -> memoryview:
    """Return the pickled pair of the result of `function` and the error it raised; one of them is None."""
    try:
        return ForkingPickler.dumps((function(number), None))
    except BaseException as error:
        return ForkingPickler.dumps((None, _make_picklable(error)))


def _make_picklable(error: BaseException) -> BaseException:
    """Return the error with its traceback as a note, or a RuntimeError with it if the error cannot be pickled."""
    trace = traceback.format_exc()
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - what this process pickled
    except Exception:
        return RuntimeError(f"in a child process:\n{trace}")
    error.add_note(f"in a child process:\n{trace}")
    return error
