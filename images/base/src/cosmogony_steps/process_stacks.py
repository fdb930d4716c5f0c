# SPDX-License-Identifier: Apache-2.0
"""What a process that hangs is doing: its state in the kernel, and the stacks of its Python threads."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from pathlib import Path

FIRST_WAIT = 3.0  # seconds in which a process must begin to write its stacks
QUIET_WAIT = 0.3  # seconds of silence after which it has written them all
POLL_WAIT = 0.1  # seconds between two checks whether a process still exists
BLOCK = 1 << 16  # bytes
_STATES = {"R": "running", "S": "sleeping", "D": "waiting for a device", "T": "stopped", "t": "traced", "Z": "dead"}


def list_descendants(pid: int) -> list[int]:
    """Return the ids of the child processes of a process, of their children and so on."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if fields := _read_stat(int(folder.name)):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = children.get(pid, [])
    for child in found:  # the list grows during the loop
        found.extend(children.get(child, []))
    return found


def collect_thread_stacks(pid: int, output: int) -> str:
    """Make a process write its stacks into a pipe, and return them with its state.

    Args:
        pid: the process; one without a handler for SIGUSR1 dies of that signal.
        output: the end of the pipe to read from.
    """
    state = get_process_state(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGUSR1)
        os.kill(pid, signal.SIGCONT)  # a stopped process handles SIGUSR1 only when it continues
    text = _read_stacks(output, pid)
    if not text:
        return f"process {pid}, {state}, has written no stack: it hangs in the kernel or is not Python"
    return f"process {pid}, {state}:\n{text}"


def get_process_state(pid: int) -> str:
    """Return the state of a process in the kernel, as a word such as `sleeping`; `gone` if there is no such process."""
    fields = _read_stat(pid)
    return _STATES.get(fields[0], fields[0]) if fields else "gone"


def kill_process(pid: int) -> None:
    """Kill a process with SIGKILL; one that has ended is not an error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _read_stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _read_stacks(output: int, pid: int) -> str:
    """Return what the process writes until it pauses or ends."""
    data = b""
    silent = 0.0
    while silent < (QUIET_WAIT if data else FIRST_WAIT):
        if select.select([output], [], [], POLL_WAIT)[0]:
            if not (block := os.read(output, BLOCK)):
                break  # no process has the writing end of the pipe open
            data += block
            silent = 0.0
        elif get_process_state(pid) in ("dead", "gone"):
            break
        else:
            silent += POLL_WAIT
    return data.decode(errors="replace").rstrip()
