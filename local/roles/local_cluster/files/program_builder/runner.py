# SPDX-License-Identifier: Apache-2.0
"""Runs compilers: progress lines, logs, time limits, and an orderly end when the build is interrupted."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from program_builder.recipes import BuildError

TICK_SECONDS = 15.0
COMMAND_SECONDS = 3 * 3600.0  # the longest takes half an hour on two busy cores
SHOWN_LINES = 20


class Runner:
    """Runs long commands, and ends all of them when the build is interrupted."""

    def __init__(self, *, nice: int = 0, output: TextIO | None = None) -> None:
        self._nice = nice
        self._output = output or sys.stdout
        self._lock = threading.RLock()  # a second signal may come while the first one is handled
        self._processes: set[subprocess.Popen[bytes]] = set()
        self.stopped = threading.Event()

    def print_progress(self, text: str) -> None:
        """Print a line of progress. When nobody reads the output any more the build ends."""
        with self._lock:
            try:
                print(text, file=self._output, flush=True)
            except BrokenPipeError:
                self._output = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
                self.stop()

    def stop(self) -> None:
        """End all commands with their children."""
        with self._lock:
            self.stopped.set()
            for process in self._processes:
                _signal_group(process, signal.SIGTERM)

    @contextlib.contextmanager
    def stop_on_signals(self) -> Iterator[None]:
        """End the commands on SIGINT, SIGTERM or SIGHUP; programs that are finished stay."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, lambda *_: self.stop()) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def start(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None, directory: Path | None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command that leads its process group; it is registered as long as the context lasts."""
        with log.open("ab") as output, self._lock:
            output.write(f"\n$ {' '.join(command)}\n".encode())
            output.flush()
            if self.stopped.is_set():
                raise BuildError("stopped")
            process = subprocess.Popen(
                ["nice", "-n", str(self._nice), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=directory,
                start_new_session=True,
            )
            self._processes.add(process)
        try:
            yield process
        finally:
            with self._lock:
                self._processes.discard(process)


@dataclasses.dataclass(frozen=True)
class Task:
    """The commands that build one thing: they share a log, a label and a start."""

    runner: Runner
    label: str
    log: Path
    started: float = dataclasses.field(default_factory=time.monotonic)

    def run(
        self,
        command: Sequence[str],
        action: str,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        counted: tuple[re.Pattern[str], str] | None = None,
    ) -> None:
        """Run a command, with a progress line every TICK_SECONDS.

        A command that takes longer than COMMAND_SECONDS, or is still there after `stop`, is killed with its children.

        Args:
            command: The command and its arguments.
            action: What the command does, for the progress lines.
            environment: All variables of the command; by default those of this process.
            directory: The working directory.
            counted: What is counted in the log for the progress lines, and its name.

        Raises:
            BuildError: The command failed or was stopped; shows the end of its log.
        """
        deadline = time.monotonic() + COMMAND_SECONDS
        late = False
        with self.runner.start(command, self.log, environment, directory) as process:
            while process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=TICK_SECONDS)
                    break
                late = time.monotonic() > deadline
                if late or self.runner.stopped.is_set():
                    _signal_group(process, signal.SIGKILL)
                self.runner.print_progress(f"{self.label} … {action}, {self.elapsed}{self._count(counted)}")
        if self.runner.stopped.is_set():
            raise BuildError(f"{self.label} stopped")
        if process.returncode != 0:
            how = f"had not ended after {format_duration(COMMAND_SECONDS)} and was killed"
            raise BuildError(
                f"{self.label}: {command[0]} {how if late else f'ended with {process.returncode}'}; "
                f"the end of {self.log}:\n{_last_lines(self.log)}\n"
                "  Next: see the log; run the same command again, it continues where it stopped."
            )

    @property
    def elapsed(self) -> str:
        """The time since the task was made, as text: 4m12s."""
        return format_duration(time.monotonic() - self.started)

    def _count(self, counted: tuple[re.Pattern[str], str] | None) -> str:
        if counted is None:
            return ""
        pattern, name = counted
        return f", {len(pattern.findall(self.log.read_text(encoding='utf-8', errors='replace')))} {name}"


def format_duration(seconds: float) -> str:
    """Return a duration for people: 42s, 4m12s, 1h02m."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def read_command_output(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Return standard output and error of a short command; "" when it cannot be run."""
    try:
        return subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _last_lines(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-SHOWN_LINES:])


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process and its children; the process leads their group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
