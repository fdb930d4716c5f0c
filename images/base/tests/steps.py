# SPDX-License-Identifier: Apache-2.0
"""Steps that hang or move, each in one of the ways that a real one does. `python steps.py NAME`."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from cosmogony_steps import heartbeat, process_stacks, watch
from cosmogony_steps.progress import Progress


def succeed() -> None:
    print("done")


def fail() -> None:
    sys.exit(3)


def stand_still() -> None:
    heartbeat.beat("writing zones", 2300, 3287)
    _say_ready()
    time.sleep(600)


def sleep_with_the_lock_held() -> None:
    """What a C library does that never gives the interpreter's lock back."""
    heartbeat.beat("dividing parents", 1, 2)
    _say_ready()
    ctypes.PyDLL(None).sleep(600)


def deadlock() -> None:
    lock = threading.Lock()
    lock.acquire()
    waiting = threading.Thread(target=_wait_for, args=(lock,), name="other-thread")
    waiting.start()
    _say_ready()
    waiting.join()


def _wait_for(lock: threading.Lock) -> None:
    lock.acquire()


def hang_in_a_child() -> None:
    worker = multiprocessing.get_context("fork").Process(target=_hang_as_worker)
    worker.start()
    heartbeat.beat("finding inclusions", 1, 2)
    _say_ready(worker.pid)
    worker.join()


def _hang_as_worker() -> None:
    time.sleep(600)


def move_slowly() -> None:
    """Longer than the limit, with a sign of life in each third of it."""
    progress = Progress("zones", 5, format_amount=str)
    _say_ready()
    for _ in range(5):
        time.sleep(float(os.environ[watch.VARIABLE]) / 3)
        progress.advance()
    print("done")


def read_a_file() -> None:
    """Reports nothing for longer than the limit, with the interpreter's lock held, while a file is read on."""
    c = ctypes.PyDLL(None)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "extract"
        file.write_bytes(bytes(100))
        with file.open("rb", buffering=0) as opened:
            heartbeat.watch_file_positions(folder)
            _say_ready()
            for _ in range(50):
                c.usleep(int(float(os.environ[watch.VARIABLE]) * 1e6 / 25))
                opened.read(2)
    print("done")


def move_after_a_suspension() -> None:
    """The watch is taken to have slept when it looks more than half a second late."""
    move_slowly()


def repeat_the_same() -> None:
    """Reports that say the same again and again are not progress."""
    progress = Progress("zones", 9, format_amount=str)
    progress.set(4)
    _say_ready()
    while True:
        progress.set(4)
        time.sleep(0.01)


def explain_and_hang() -> None:
    heartbeat.beat("COPY zones", 10, 20)
    heartbeat.record_activity_detail("waits for a lock")
    _say_ready()
    while True:
        time.sleep(0.01)
        heartbeat.record_activity_detail("waits for a lock")


def leave_a_child_behind() -> None:
    """A grandchild that ends after its parent: the first process of a container has to collect it."""
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(0.2)
            os._exit(0)
        os._exit(0)
    os.wait()
    time.sleep(0.6)
    zombies = [
        folder
        for folder in Path("/proc").glob("[0-9]*")
        if process_stacks.get_process_state(int(folder.name)) == "dead"
    ]
    print("zombies:", len(zombies))


def clean_up_on_sigterm() -> None:
    def clean_up(number: int, frame: object) -> None:
        print("cleaned up", flush=True)
        sys.exit(75)

    signal.signal(signal.SIGTERM, clean_up)
    _say_ready()
    time.sleep(600)


def die() -> None:
    heartbeat.beat("reading ways", 5)
    os.kill(os.getpid(), signal.SIGKILL)


def _say_ready(*more: object) -> None:
    print("ready", os.getpid(), *more, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "move_after_a_suspension":
        watch.MAX_DELAY = 0.5
    watch.continue_in_watched_child(sys.argv[1])
    run: Callable[[], None] = globals()[sys.argv[1]]
    run()
