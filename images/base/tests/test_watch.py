# SPDX-License-Identifier: Apache-2.0
"""The watch over real processes: what hangs is ended and explained, what moves is left alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cosmogony_steps import watch
from cosmogony_steps.watch import MAX_DELAY, StallTimer

STEPS = Path(__file__).parent / "steps.py"
SOURCE = Path(watch.__file__).parents[1]
LONG = 60  # seconds until a test gives up


class Step:
    """A step that runs under the watch."""

    def __init__(self, name: str, stall: str | None, *before: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        environment.pop(watch.VARIABLE, None)
        if stall is not None:
            environment[watch.VARIABLE] = stall
        self.process = subprocess.Popen(
            [*before, sys.executable, str(STEPS), name],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.pids: list[int] = []

    def ready(self) -> int:
        """Wait until the step says so; return the process of the step itself."""
        assert self.process.stdout
        word, *numbers = self.process.stdout.readline().split()
        assert word == "ready"
        self.pids = [int(number) for number in numbers]
        return self.pids[0]

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=LONG)
        return self.process.returncode, out, err


@pytest.fixture
def start() -> Iterator[Callable[..., Step]]:
    begun: list[Step] = []
    previous = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell ignores it for what runs in the background

    def begin(name: str, *before: str, stall: str | None = "1") -> Step:
        begun.append(Step(name, stall, *before))
        return begun[-1]

    yield begin
    signal.signal(signal.SIGINT, previous)
    for step in begun:
        step.process.kill()
        step.process.communicate()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(*pids: int) -> bool:
    """Wait until the processes have ended."""
    deadline = time.monotonic() + LONG
    while any(map(alive, pids)):
        assert time.monotonic() < deadline, f"{pids} still run"
        time.sleep(0.01)
    return True


@pytest.mark.parametrize(
    ("name", "last", "function"),
    [
        ("stand_still", "writing zones, 2300 of 3287", "in stand_still"),
        ("sleep_with_the_lock_held", "dividing parents, 1 of 2", "in sleep_with_the_lock_held"),
        ("deadlock", "no stage begun", "in _wait_for"),
        ("repeat_the_same", "zones, 4 of 9", "in repeat_the_same"),
        ("explain_and_hang", "COPY zones, 10 of 20 (waits for a lock)", "in explain_and_hang"),
    ],
)
def test_stalled_step_is_ended_and_explained(start, name: str, last: str, function: str) -> None:
    step = start(name)
    child = step.ready()
    code, _, said = step.end()
    assert code == 75
    assert f"{name}: no progress for 1 s, last seen at: {last}; ended, a retry can help" in said
    assert f"process {child}, " in said
    assert function in said
    assert gone(child)


def test_every_thread_is_shown(start) -> None:
    step = start("deadlock")
    said = step.end()[2]
    assert "in _wait_for" in said
    assert "in deadlock" in said


def test_stopped_process_is_ended(start) -> None:
    step = start("stand_still", stall="2")
    child = step.ready()
    os.kill(child, signal.SIGSTOP)
    code, _, said = step.end()
    assert code == 75
    assert f"process {child}, stopped:" in said
    assert "in stand_still" in said
    assert gone(child)


def test_hanging_worker_is_shown_and_ended(start) -> None:
    step = start("hang_in_a_child")
    step.ready()
    code, _, said = step.end()
    assert code == 75
    assert "in hang_in_a_child" in said
    assert "in _hang_as_worker" in said
    assert gone(*step.pids)


def test_slow_step_that_moves_is_not_ended(start) -> None:
    step = start("move_slowly", stall="3")
    step.ready()
    assert step.end()[:2] == (0, "done\n")


def test_reading_a_followed_file_is_a_sign_of_life(start) -> None:
    """In one call of C that holds the interpreter's lock, as libraries do that read a large file."""
    step = start("read_a_file", stall="3")
    step.ready()
    code, out, said = step.end()
    assert (code, out) == (0, "done\n"), said


def test_without_a_limit_nothing_is_ended(start) -> None:
    step = start("stand_still", stall="0")
    child = step.ready()
    with pytest.raises(subprocess.TimeoutExpired):
        step.process.communicate(timeout=2)
    step.process.terminate()
    assert step.end()[0] == 75
    assert gone(child)


@pytest.mark.parametrize(("name", "code"), [("succeed", 0), ("fail", 3)])
@pytest.mark.parametrize("stall", [None, "0", "5"])
def test_the_exit_code_is_passed_on(start, name: str, code: int, stall: str | None) -> None:
    assert start(name, stall=stall).end()[0] == code


def test_refuses_limit_that_is_not_a_number(start) -> None:
    code, _, said = start("succeed", stall="15 min").end()
    assert code == 2
    assert "succeed: STALL_SECONDS is '15 min', not a number of seconds" in said


def test_sigterm_reaches_the_step(start) -> None:
    step = start("clean_up_on_sigterm", stall="30")
    step.ready()
    step.process.terminate()
    code, out, _ = step.end()
    assert (code, out) == (75, "cleaned up\n")


def test_sigterm_without_handler_is_transient(start) -> None:
    step = start("stand_still", stall="30")
    child = step.ready()
    step.process.terminate()
    code, _, said = step.end()
    assert code == 75
    assert "stand_still: stopped by SIGTERM; a retry can help" in said
    assert gone(child)


def test_sigint_reaches_the_step(start) -> None:
    step = start("stand_still", stall="30")
    step.ready()
    step.process.send_signal(signal.SIGINT)
    code, _, said = step.end()
    assert code == 130
    assert "KeyboardInterrupt" in said


def test_a_killed_step_is_named(start) -> None:
    code, _, said = start("die").end()
    assert code == 128 + signal.SIGKILL
    assert "die: killed by SIGKILL at: reading ways, 5; if it lacked memory" in said


def test_a_killed_watcher_takes_the_step_with_it(start) -> None:
    step = start("stand_still", stall="30")
    child = step.ready()
    step.process.kill()
    assert gone(child)


def child_of(pid: int) -> int:
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def isolated() -> tuple[str, ...]:
    """Words that run a program as process 1 of a namespace, as a container does."""
    words = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    if not shutil.which("unshare") or subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a process namespace needs unshare and the rights to use it")
    return words


def test_process_1_collects_orphans(start) -> None:
    code, out, said = start("leave_a_child_behind", *isolated(), stall="30").end()
    assert (code, out) == (0, "zombies: 0\n"), said


def test_process_1_ends_on_sigterm(start) -> None:
    """The kernel keeps from process 1 every signal that it has no handler for."""
    step = start("stand_still", *isolated(), stall="30")
    assert step.ready() == 2
    os.kill(child_of(step.process.pid), signal.SIGTERM)
    code, _, said = step.end()
    assert code == 75, said
    assert "stopped by SIGTERM" in said


def test_timer_ignores_time_without_a_look() -> None:
    """A machine that was suspended, or a container that was frozen: the step gets its whole time again."""
    timer = StallTimer(5, now=0)
    assert timer.measure_seconds(1, now=5) == 0
    assert timer.measure_seconds(1, now=10) == 5
    assert timer.measure_seconds(1, now=10 + 5 + MAX_DELAY) == 10 + MAX_DELAY, "late, as on a busy machine"
    assert timer.measure_seconds(1, now=4000) == 0
    assert timer.measure_seconds(1, now=4005) == 5
    assert timer.measure_seconds(2, now=4010) == 0


def test_a_suspended_machine_ends_nothing(start) -> None:
    """Step and watch are stopped together for longer than the limit, and then continue together."""
    step = start("move_after_a_suspension", stall="3")
    child = step.ready()
    for pid in (child, step.process.pid):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(4)
    for pid in (step.process.pid, child):
        os.kill(pid, signal.SIGCONT)
    code, out, said = step.end()
    assert (code, out) == (0, "done\n"), said


def test_watch_imports_few_modules(start) -> None:
    step = start("stand_still", stall="30")
    step.ready()
    values = Path(f"/proc/{step.process.pid}/smaps_rollup").read_text().splitlines()
    (kilobytes,) = (int(line.split()[1]) for line in values if line.startswith("Private_Dirty:"))
    assert kilobytes < 6 * 1024
