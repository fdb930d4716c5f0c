# SPDX-License-Identifier: Apache-2.0
"""Runs a step in a child process, and ends it when it makes no progress.

The process that watches is small and shares only memory with the step, so it also sees a step that hangs in C with the
interpreter's lock held and one that was stopped. It passes signals and the exit code on, collects the children it
inherits where it is the first process of a container, and takes the step with it when it is killed.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time

from . import heartbeat, log
from .errors import EXIT_TRANSIENT, EXIT_USAGE
from .pod_message import report_failure

VARIABLE = "STALL_SECONDS"
DEFAULT_LIMIT = 900  # seconds
MAX_PAUSE = 5.0  # longest time in seconds between two looks at the step
MAX_DELAY = 10.0  # seconds that a look may be late on a busy machine; if it is later, the machine was suspended
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
AWAITED = (*FORWARDED, signal.SIGCHLD, signal.SIGALRM)
PR_SET_PDEATHSIG = 1


def run_program(module: str) -> int:
    """Run `main` of a module, in a watched child if the command line names a command; return its exit code."""
    if sys.argv[1:2] and not sys.argv[1].startswith("-"):
        continue_in_watched_child(sys.argv[1])
    code: int = importlib.import_module(module).main()
    return code


def continue_in_watched_child(step: str) -> None:
    """Fork: the child returns and is the step; the parent watches it, ends with its exit code and never returns.

    Call it before anything large is imported and before threads are started. The limit comes from STALL_SECONDS:
    whole seconds without progress, 0 for none.
    """
    limit = _read_limit(step)
    stacks, stack_output = os.pipe()
    watcher = os.getpid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
    child = os.fork()
    if child:
        os.close(stack_output)
        os._exit(_Watcher(step, child, stacks, limit).run())
    os.close(stacks)
    _die_with(watcher)
    heartbeat.mark_watched()
    _write_stacks_to(stack_output)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _read_limit(step: str) -> float:
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return DEFAULT_LIMIT
    if not text.isdecimal():
        sys.exit(report_failure(f"{step}: {VARIABLE} is '{text}', not a number of seconds (0: no limit)", EXIT_USAGE))
    return int(text)


def _die_with(watcher: int) -> None:
    """Let the kernel kill this process when its watcher ends, however that ends."""
    import ctypes

    if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL) or os.getppid() != watcher:
        os._exit(EXIT_TRANSIENT)


def _write_stacks_to(output: int) -> None:
    """On SIGUSR1 write the stack of every thread: in C, so that it works while another C function holds the lock."""
    import faulthandler

    faulthandler.register(signal.SIGUSR1, file=output, all_threads=True)


class StallTimer:
    """Measures for how long a state has not changed, without the time in which the machine was suspended."""

    def __init__(self, pause: float, now: float) -> None:
        self._longest_pause = pause + MAX_DELAY
        self._last_look = self._since = now
        self._state: object = None

    def measure_seconds(self, state: object, now: float) -> float:
        """Return for how many seconds `state` has not changed, without times in which the machine was suspended."""
        late = now - self._last_look > self._longest_pause
        self._last_look = now
        if late or state != self._state:
            self._state, self._since = state, now
        return now - self._since


class _Watcher:
    """The process that watches one step."""

    def __init__(self, step: str, child: int, stacks: int, limit: float) -> None:
        self._step = step
        self._child = child
        self._stacks = stacks
        self._limit = limit
        self._pause = min(MAX_PAUSE, limit / 5)
        self._forwarded: int | None = None

    def run(self) -> int:
        """Wait until the step ends or stalls; return the exit code."""
        timer = StallTimer(self._pause, time.monotonic())
        # A timer, because sigtimedwait of Python invents a signal when the process is stopped and continued meanwhile.
        signal.setitimer(signal.ITIMER_REAL, self._pause, self._pause)
        while True:
            self._wait()
            status = self._reap()
            if status is not None:
                return self._exit_code(status)
            if self._limit and timer.measure_seconds(self._state(), time.monotonic()) >= self._limit:
                return self._end_stalled()

    def _wait(self) -> None:
        """Sleep until a signal or the timer; forward SIGTERM and other signals to the step."""
        received = signal.sigwaitinfo(AWAITED)
        # Signals of the terminal (positive codes) have reached the step already: it is in the same process group.
        if received.si_signo in FORWARDED and received.si_code <= 0:
            self._forwarded = received.si_signo
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
        """Return the number of beats and the file positions of the step; they change when it makes progress."""
        folder = heartbeat.read_watched_folder()
        return heartbeat.read_beat_count(), self._list_positions(folder) if folder else []

    def _list_positions(self, folder: str) -> list[tuple[str, str]]:
        """Return the files of a folder that the step has open, and the position in each of them."""
        found = []
        try:
            for number in os.listdir(f"/proc/{self._child}/fd"):  # noqa: PTH208  pathlib is large
                path = os.readlink(f"/proc/{self._child}/fd/{number}")  # noqa: PTH115
                if path.startswith(f"{folder}/"):
                    with open(f"/proc/{self._child}/fdinfo/{number}", encoding="ascii") as file:  # noqa: PTH123
                        found.append((path, file.readline()))
        except OSError:
            pass  # a file or the process has just gone: the step made progress
        return found

    def _exit_code(self, status: int) -> int:
        code = os.waitstatus_to_exitcode(status)
        if code >= 0:
            return code
        if -code == self._forwarded == signal.SIGTERM:
            return report_failure(f"{self._step}: stopped by SIGTERM; a retry can help", EXIT_TRANSIENT)
        if -code != signal.SIGINT:
            name = signal.Signals(-code).name
            advice = "; if it lacked memory, raise the step's memory limit" if -code == signal.SIGKILL else ""
            report_failure(f"{self._step}: killed by {name} at: {heartbeat.describe_last_beat()}{advice}", 128 - code)
        return 128 - code

    def _end_stalled(self) -> int:
        """Log the stacks of the stalled step, kill it, and return the exit code."""
        from . import process_stacks

        last = heartbeat.describe_last_beat()
        processes = [self._child, *process_stacks.list_descendants(self._child)]
        found = [process_stacks.collect_thread_stacks(pid, self._stacks) for pid in processes]
        for pid in processes:
            process_stacks.kill_process(pid)  # its end is not awaited: a process that hangs in the kernel may take long
        message = (
            f"{self._step}: no progress for {self._limit:g} s, last seen at: {last}; ended, a retry can help."
            f" If it needs longer without a sign, raise the step's stall ({VARIABLE})"
        )
        for text in found:
            log.error(text)
        return report_failure(message, EXIT_TRANSIENT)
