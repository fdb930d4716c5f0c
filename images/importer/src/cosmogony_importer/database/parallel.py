# SPDX-License-Identifier: Apache-2.0
"""Run tasks on several database connections in parallel; the first error ends all of them."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import TypeVar

import psycopg
from cosmogony_steps.postgres import DatabaseAddress

from . import sessions

Item = TypeVar("Item")
Worker = Callable[[psycopg.Connection, threading.Event], None]


def process_items(
    settings: DatabaseAddress, items: Iterable[Item], process: Callable[[psycopg.Connection, Item], None], jobs: int = 0
) -> None:
    """Call `process` once for each item, in `jobs` threads with a connection each.

    Args:
        settings: the database to connect to.
        items: taken in order, by one thread at a time.
        process: is called with a connection and an item.
        jobs: number of threads; 0 is one per processor.

    Raises:
        Exception: the first error of `process`, after the statements of the other threads were cancelled.
    """
    waiting = iter(items)
    turn = threading.Lock()

    def take_next() -> list[Item]:
        with turn:
            return list(islice(waiting, 1))

    def take_items(connection: psycopg.Connection, stop: threading.Event) -> None:
        while not stop.is_set() and (taken := take_next()):
            process(connection, taken[0])

    run_workers(settings, take_items, jobs or os.cpu_count() or 1)


def run_workers(settings: DatabaseAddress, worker: Worker, jobs: int) -> None:
    """Run `worker` in `jobs` threads with a connection each.

    Args:
        settings: the database to connect to.
        worker: returns when there is nothing left to do, or when its event is set.
        jobs: number of threads; nothing is done for less than 1.

    Raises:
        Exception: the first error of a worker, after the statements of the other threads were cancelled.
    """
    if jobs < 1:
        return
    stop = threading.Event()
    connections: list[psycopg.Connection] = []

    def connect_and_work() -> None:
        with sessions.connect(settings) as connection:
            connections.append(connection)
            worker(connection, stop)

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for future in as_completed([pool.submit(connect_and_work) for _ in range(jobs)]):
                future.result()
        except BaseException:
            stop.set()
            for connection in connections:
                with contextlib.suppress(psycopg.Error):  # the connection is lost, or its statement has ended
                    connection.cancel_safe(timeout=sessions.CANCEL_SECONDS)
            raise
