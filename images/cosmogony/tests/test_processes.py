# SPDX-License-Identifier: Apache-2.0
"""Pools of forked children: nothing hangs, no child stays, a dead one is named."""

from __future__ import annotations

import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cosmogony.errors import CosmogonyError
from cosmogony.files.formats import Format
from cosmogony.files.writers import write_zones
from cosmogony.runtime.processes import map_in_processes
from extractor_support import pool_program
from extractor_support.pool_program import EXIT_TERMINATED

PROGRAM = Path(pool_program.__file__)
LIMIT = 60  # seconds; what it bounds takes less than one on an idle machine


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The program, ready, as leader of a process group; all of the group is ended afterwards."""
    program = subprocess.Popen(
        [sys.executable, str(PROGRAM), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        yield program
    finally:
        if members(program.pid):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait(LIMIT)
        assert program.stdout is not None
        program.stdout.close()


def members(group: int) -> list[int]:
    """The living processes of a process group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, (state, _, its_group) = int(path.parent.name), path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state not in "ZX":
            found.append(pid)
    return found


def wait_until(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < until, f"not within {LIMIT} s: {what}"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(("pools", "seconds"), [(40, 120), pytest.param(500, 900, marks=pytest.mark.long)])
def test_pools_do_not_hang_beside_other_work(pools: int, seconds: int, beside: None) -> None:
    with started("pools", str(pools)) as program:
        assert program.wait(seconds) == 0
        assert members(program.pid) == []


@pytest.mark.parametrize("times", [10, pytest.param(300, marks=pytest.mark.long)])
def test_sigterm_at_any_moment_ends_the_program_and_its_children(times: int, beside: None) -> None:
    for _ in range(times):
        with started("endless") as program:
            time.sleep(random.uniform(0, 0.2))
            program.terminate()
            assert program.wait(LIMIT) == EXIT_TERMINATED
            wait_until(lambda program=program: members(program.pid) == [], "the end of the children")


@pytest.mark.parametrize("mode", ["long", "ignoring"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, EXIT_TERMINATED), (signal.SIGKILL, -signal.SIGKILL)])
def test_children_end_with_the_program_whatever_they_do(mode: str, number: signal.Signals, code: int) -> None:
    with started(mode) as program:
        wait_until(lambda: len(members(program.pid)) == 3, "two children")
        program.send_signal(number)
        assert program.wait(LIMIT) == code
        wait_until(lambda: members(program.pid) == [], "the end of the children")


def test_results_come_in_order_and_children_see_what_was_read() -> None:
    read = list(range(1000))
    results = list(map_in_processes(lambda number: (read[number] * 2, os.getpid()), len(read), 3))
    assert [result for result, _ in results] == [2 * value for value in read]
    children = {pid for _, pid in results}
    assert len(children) == 3 and os.getpid() not in children
    assert all(map(is_gone, children))


def test_large_results_arrive_complete() -> None:
    results = map_in_processes(lambda number: bytes([number]) * 3_000_000, 12, 2)
    assert [(len(result), result[:1], result[-1:]) for result in results] == [
        (3_000_000, bytes([number]), bytes([number])) for number in range(12)
    ]


def test_one_process_computes_here() -> None:
    assert set(map_in_processes(lambda number: os.getpid(), 5, 1)) == {os.getpid()}


def test_only_a_few_results_wait(tmp_path: Path) -> None:
    results = map_in_processes(lambda number: (tmp_path / str(number)).touch(), 1000, 2)
    next(results)
    time.sleep(0.2)
    results.close()
    assert len(list(tmp_path.iterdir())) <= 6


def test_an_abandoned_pool_leaves_no_process() -> None:
    results = map_in_processes(lambda number: os.getpid() if number < 2 else time.sleep(3600), 10, 2)
    children = {next(results), next(results)}
    results.close()
    assert all(map(is_gone, children))


class RecordsOfChildren:
    """Records that say who made them."""

    def encode_zone(self, zone: int) -> bytes:
        return b"%d" % os.getpid()


def test_a_writer_that_fails_leaves_no_process(tmp_path: Path) -> None:
    children: set[int] = set()

    def report(stage: str, done: int, total: int) -> None:
        children.update(map(int, target.read_bytes().rpartition(b"\n")[0].split()))
        if children:
            raise OSError("no space left")

    target = tmp_path / "zones.jsonl"
    with pytest.raises(OSError, match="no space left"):
        write_zones(target, Format.JSONL, range(100_000), RecordsOfChildren(), {}, processes=2, progress=report)
    assert children and os.getpid() not in children
    assert all(map(is_gone, children))


@pytest.mark.parametrize(
    ("number", "how"),
    [
        (signal.SIGKILL, "was killed.*out of memory"),
        (signal.SIGTERM, r"was ended by signal 15 \(Terminated\).*--num-threads 1"),
    ],
)
def test_a_dead_child_is_named(number: signal.Signals, how: str) -> None:
    def compute(part: int) -> int:
        if part == 7:
            os.kill(os.getpid(), number)
        return os.getpid()

    with pytest.raises(CosmogonyError, match=rf"child process \d+ {how}") as caught:
        list(map_in_processes(compute, 20, 2))
    assert "computed part 8 of 20" in str(caught.value)


def test_a_child_that_was_stopped_and_killed_is_named() -> None:
    results = map_in_processes(lambda number: os.getpid(), 100, 2)
    child = next(results)
    os.kill(child, signal.SIGSTOP)
    os.kill(child, signal.SIGKILL)
    with pytest.raises(CosmogonyError, match=f"child process {child} was killed"):
        list(results)


def test_an_error_arrives_with_its_type_and_its_traceback() -> None:
    def fail_at(number: int) -> None:
        if number == 3:
            raise MemoryError("no more")

    with pytest.raises(MemoryError, match="no more") as caught:
        list(map_in_processes(fail_at, 20, 2))
    assert "in fail_at" in caught.value.__notes__[0]


class NeedsTwoError(Exception):
    def __init__(self, one: str, two: str) -> None:
        super().__init__(f"{one} {two}")


def test_an_error_that_cannot_be_pickled_is_described() -> None:
    def fail(number: int) -> None:
        raise NeedsTwoError("this", "that")

    with pytest.raises(RuntimeError, match="NeedsTwoError: this that"):
        list(map_in_processes(fail, 20, 2))


def test_a_result_that_cannot_be_pickled_is_an_error() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        list(map_in_processes(lambda number: lambda: number, 20, 2))


def test_children_have_default_signal_handlers() -> None:
    names = (signal.SIGTERM, signal.SIGINT)
    previous = [signal.signal(name, lambda *_: None) for name in names]
    try:
        handlers = list(map_in_processes(lambda number: [int(signal.getsignal(name)) for name in names], 4, 2))
    finally:
        for name, handler in zip(names, previous, strict=True):
            signal.signal(name, handler)
    assert handlers == [[signal.SIG_DFL, signal.SIG_DFL]] * 4
