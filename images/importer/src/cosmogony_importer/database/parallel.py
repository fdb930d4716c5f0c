# SPDX-License-Identifier: Apache-2.0
"""Work shared out over several connections; the first error ends all of it."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

import psycopg

from ..settings import Database
from . import sessions

CANCEL_SECONDS = 5.0  # that the server may take to answer a request to cancel a statement

Item = TypeVar("Item")


def share(
    settings: Database, items: Iterable[Item], do: Callable[[psycopg.Connection, Item], None], jobs: int = 0
) -> None:
    """Call `do` for each item, each worker with a connection of its own."""
    waiting: queue.SimpleQueue[Item] = queue.SimpleQueue()
    count = 0
    for item in items:
        waiting.put(item)
        count += 1

    def loop(connection: psycopg.Connection, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            do(connection, item)

    run(settings, loop, min(jobs or os.cpu_count() or 1, count))


def run(settings: Database, loop: Callable[[psycopg.Connection, threading.Event], None], jobs: int) -> None:
    """Run `loop` in some threads; it returns when there is nothing left or the event is set.

    Raises the first error, after the statements of the other threads were cancelled.
    """
    if jobs < 1:
        return
    stop = threading.Event()
    connections: list[psycopg.Connection] = []

    def worker() -> None:
        with sessions.connect(settings) as connection:
            connections.append(connection)
            loop(connection, stop)

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for future in as_completed([pool.submit(worker) for _ in range(jobs)]):
                future.result()
        except BaseException:
            stop.set()
            for connection in connections:
                with contextlib.suppress(psycopg.Error):  # it is lost or has ended
                    connection.cancel_safe(timeout=CANCEL_SECONDS)
            raise
