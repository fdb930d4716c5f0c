# SPDX-License-Identifier: Apache-2.0
"""A program that uses pools as a step does: SIGTERM raises an exception, which ends it with exit code 75.

pool_program.py pools COUNT    that many pools of 206 small results
pool_program.py endless        one pool after the other
pool_program.py long           a pool whose children compute for an hour
pool_program.py ignoring       the same, and they ignore SIGTERM
"""

from __future__ import annotations

import signal
import sys
import time
from typing import Any, NoReturn

from cosmogony.runtime.processes import map_in_processes

RESULTS = 206
EXIT_TERMINATED = 75


class TerminatedError(Exception):
    """SIGTERM came."""


def raise_terminated(*_: object) -> NoReturn:
    raise TerminatedError


def small(number: int) -> bytes:
    return b"x" * (number % 50)


def run_pools(count: int) -> None:
    for _ in range(count):
        results = list(map_in_processes(small, RESULTS, 2))
        if results != list(map(small, range(RESULTS))):
            sys.exit("wrong results")


def compute_for_an_hour(number: int) -> None:
    time.sleep(3600)


def compute_and_ignore_sigterm(number: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(3600)


def main(mode: str, *arguments: str) -> None:
    signal.signal(signal.SIGTERM, raise_terminated)
    modes: dict[str, Any] = {
        "pools": lambda: run_pools(int(arguments[0])),
        "endless": lambda: run_pools(sys.maxsize),
        "long": lambda: list(map_in_processes(compute_for_an_hour, 10, 2)),
        "ignoring": lambda: list(map_in_processes(compute_and_ignore_sigterm, 10, 2)),
    }
    try:
        print("ready", flush=True)
        modes[mode]()
    except TerminatedError:
        sys.exit(EXIT_TERMINATED)


if __name__ == "__main__":
    main(*sys.argv[1:])
