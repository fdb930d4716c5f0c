# SPDX-License-Identifier: Apache-2.0
"""What a process that hangs is doing: its state for the kernel, the stacks of its Python threads."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from pathlib import Path

FIRST = 3.0  # seconds until a process begins to write its stacks
QUIET = 0.3  # seconds of silence after which it has written them all
LOOK = 0.1  # seconds between two looks at whether it is still there
BLOCK = 1 << 16
_STATES = {"R": "running", "S": "sleeping", "D": "waiting for a device", "T": "stopped", "t": "traced", "Z": "dead"}


def descendants(pid: int) -> list[int]:
    """Return the children of a process, their children and so on."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        if fields := _stat(int(folder.name)):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = children.get(pid, [])
    for child in found:  # grows while it is walked along
        found.extend(children.get(child, []))
    return found


def of_process(pid: int, output: int) -> str:
    """Make a process write its stacks into the pipe `output`, and return them with its state.

    A process without a handler for SIGUSR1 dies of it, so this is only for those that are killed next.
    """
    state = state_of(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGUSR1)
        os.kill(pid, signal.SIGCONT)  # a stopped one takes no signal before
    text = _read(output, pid)
    if not text:
        return f"process {pid}, {state}, has written no stack: it hangs in the kernel or is not Python"
    return f"process {pid}, {state}:\n{text}"


def state_of(pid: int) -> str:
    """Return the state that the kernel has the process in, as a word."""
    fields = _stat(pid)
    return _STATES.get(fields[0], fields[0]) if fields else "gone"


def kill(pid: int) -> None:
    """Kill a process; one that is gone is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _read(output: int, pid: int) -> str:
    """All that the process writes, until nothing has come for a while or it has ended."""
    data = b""
    silent = 0.0
    while silent < (QUIET if data else FIRST):
        if select.select([output], [], [], LOOK)[0]:
            if not (block := os.read(output, BLOCK)):
                break  # nobody is left who could write
            data += block
            silent = 0.0
        elif state_of(pid) in ("dead", "gone"):
            break
        else:
            silent += LOOK
    return data.decode(errors="replace").rstrip()
