# SPDX-License-Identifier: Apache-2.0
"""Runs a step in a child process, and ends it when it stands still.

The process that watches is small and shares only memory with the step, so it also sees a step that hangs in C with the
interpreter's lock held and one that was stopped. It passes signals and the exit code on, collects the children it
inherits where it is the first process of a container, and takes the step with it when it is killed.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from . import heartbeat, log, termination
from .errors import EXIT_TRANSIENT, EXIT_USAGE

VARIABLE = "STALL_SECONDS"
STALL = 900  # seconds, where the variable is not set
POLL = 5.0  # longest pause between two looks, in seconds
LATE = 10.0  # seconds that a look may come late, as it does on a busy machine; more is a machine that was suspended
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
AWAITED = (*PASSED_ON, signal.SIGCHLD, signal.SIGALRM)
PR_SET_PDEATHSIG = 1


def start(step: str) -> None:
    """Continue in a child process. The calling process watches it, ends with its exit code and never returns.

    Call it before anything large is imported and before threads are started. The limit comes from STALL_SECONDS:
    whole seconds without progress, 0 for none.
    """
    limit = _limit(step)
    stacks, stack_output = os.pipe()
    watcher = os.getpid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    child = os.fork()
    if child:
        os.close(stack_output)
        os._exit(Watcher(step, child, stacks, limit).run())
    os.close(stacks)
    _end_with(watcher)
    heartbeat.mark_watched()
    _write_stacks_to(stack_output)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _limit(step: str) -> float:
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return STALL
    if not text.isdecimal():
        sys.exit(_fail(f"{step}: {VARIABLE} is '{text}', not a number of seconds; 0 is no limit", EXIT_USAGE))
    return int(text)


def _fail(message: str, code: int) -> int:
    log.error(message)
    termination.write(message)
    return code


def _end_with(watcher: int) -> None:
    """Let the kernel kill this process when its watcher ends, however that ends."""
    import ctypes

    if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) or os.getppid() != watcher:
        os._exit(EXIT_TRANSIENT)


def _write_stacks_to(output: int) -> None:
    """On SIGUSR1 write the stack of every thread: in C, so that it works while another C function holds the lock."""
    import faulthandler

    faulthandler.register(signal.SIGUSR1, file=output, all_threads=True)


class StillTime:
    """How long something has stood still, as far as somebody was looking."""

    def __init__(self, pause: float, now: float) -> None:
        self._longest_pause = pause + LATE
        self._looked = self._since = now
        self._state: object = None

    def seconds(self, state: object, now: float) -> float:
        """Return for how many seconds `state` has been the same; it begins anew after a time when nobody looked."""
        late = now - self._looked > self._longest_pause
        self._looked = now
        if late or state != self._state:
            self._state, self._since = state, now
        return now - self._since


class Watcher:
    """The process that watches one step."""

    def __init__(self, step: str, child: int, stacks: int, limit: float) -> None:
        self._step = step
        self._child = child
        self._stacks = stacks
        self._limit = limit
        self._pause = min(POLL, limit / 5)
        self._stopped_by: int | None = None

    def run(self) -> int:
        """Wait for the end of the step, or bring it about; return the exit code."""
        still = StillTime(self._pause, time.monotonic())
        # A timer, because sigtimedwait of Python invents a signal when the process is stopped and continued meanwhile.
        signal.setitimer(signal.ITIMER_REAL, self._pause, self._pause)
        while True:
            self._wait()
            status = self._reap()
            if status is not None:
                return self._exit_code(status)
            if self._limit and still.seconds(self._state(), time.monotonic()) >= self._limit:
                return self._end_stalled()

    def _wait(self) -> None:
        """Sleep until a signal arrives, at the latest that of the timer; pass on what is for the step."""
        received = signal.sigwaitinfo(AWAITED)
        # The step has those of the terminal (positive codes) already, for it is in the same process group.
        if received.si_signo in PASSED_ON and received.si_code <= 0:
            self._stopped_by = received.si_signo
            os.kill(self._child, received.si_signo)

    def _reap(self) -> int | None:
        """Collect every child that has ended; return the status of the step if it is among them."""
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == self._child:
                return status
            if not pid:
                return None

    def _state(self) -> object:
        """What differs when the step has moved."""
        folder = heartbeat.read_folder()
        return heartbeat.read_count(), self._list_positions(folder) if folder else []

    def _list_positions(self, folder: str) -> list[tuple[str, str]]:
        """The files in a folder that the step has open, and how far it is in each of them."""
        found = []
        try:
            for number in os.listdir(f"/proc/{self._child}/fd"):  # noqa: PTH208  pathlib is large
                path = os.readlink(f"/proc/{self._child}/fd/{number}")  # noqa: PTH115
                if path.startswith(f"{folder}/"):
                    with open(f"/proc/{self._child}/fdinfo/{number}", encoding="ascii") as file:  # noqa: PTH123
                        found.append((path, file.readline()))
        except OSError:
            pass  # a file or the process has just gone, so nothing stands still
        return found

    def _exit_code(self, status: int) -> int:
        code = os.waitstatus_to_exitcode(status)
        if code >= 0:
            return code
        if -code == self._stopped_by == signal.SIGTERM:
            return _fail(f"{self._step}: stopped by SIGTERM; a retry can help", EXIT_TRANSIENT)
        if -code != signal.SIGINT:
            name = signal.Signals(-code).name
            advice = "; if it lacked memory, raise the step's memory limit" if -code == signal.SIGKILL else ""
            _fail(f"{self._step}: killed by {name} at: {heartbeat.describe_last_beat()}{advice}", 128 - code)
        return 128 - code

    def _end_stalled(self) -> int:
        """Collect what can be known of the step, kill it, and say so."""
        from . import stacks

        last = heartbeat.describe_last_beat()
        processes = [self._child, *stacks.descendants(self._child)]
        found = [stacks.of_process(pid, self._stacks) for pid in processes]
        for pid in processes:
            stacks.kill(pid)  # not waited for: one that hangs in the kernel ends when that lets it go
        message = (
            f"{self._step}: no progress for {self._limit:g} s, last seen at: {last}; ended, a retry can help."
            f" If it needs longer without a sign, raise the step's stall ({VARIABLE})"
        )
        termination.write(message)
        for text in found:
            log.error(text)
        log.error(message)
        return EXIT_TRANSIENT
