# SPDX-License-Identifier: Apache-2.0
"""Runs of playbooks, and what they say of the tasks that changed something."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from checkout import CHECKOUT

#: What a shell of somebody else has not: the connection data and options of this test run.
NOT_OF_USERS = ("PG", "S3_", "K8S_AUTH_", "SCENARIO_", "MOLECULE_", "ANSIBLE_", "KUBECONFIG")


@dataclass(frozen=True)
class Run:
    """A run that has ended."""

    returncode: int
    lines: Sequence[tuple[float, str]]  # with the seconds after which each came

    @property
    def output(self) -> str:
        return "".join(line for _seconds, line in self.lines)

    def seconds_until(self, text: str) -> float:
        """Return when a text was said first."""
        return next(seconds for seconds, line in self.lines if text in line)

    @property
    def changed(self) -> set[str]:
        """Names of the tasks that changed something, or would."""
        found, task = set(), ""
        for line in self.output.splitlines():
            if named := re.match(r"(?:TASK|RUNNING HANDLER) \[(?:.+ : )?(.+)\]", line):
                task = named[1]
            elif line.startswith("changed: "):
                found.add(task)
        return found

    @property
    def text(self) -> str:
        """The output in one line, so that wrapping does not matter."""
        return " ".join(self.output.split())

    def succeeded(self) -> Run:
        assert self.returncode == 0, self.output[-8000:]
        return self

    def failed(self) -> Run:
        assert self.returncode != 0, self.output[-8000:]
        return self


def make_environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of somebody who has activated the environment of the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OF_USERS)}
    path = f"{CHECKOUT / '.venv/bin'}:{environment['PATH']}"
    return {**environment, "PATH": path, "ANSIBLE_NOCOLOR": "1", **more}


def run(command: Sequence[str | Path], environment: Mapping[str, str], log: Path, limit: float = 1200) -> Run:
    """Run a command in the checkout; add its output to a log, each line with the time of day."""
    began = time.monotonic()
    lines = []
    with log.open("a") as copy:
        copy.write(f"\n{time.strftime('%H:%M:%S')} $ {' '.join(map(str, command))}\n")
        process = subprocess.Popen(
            command, env={**environment}, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        ending = threading.Timer(limit, process.kill)
        ending.start()
        for line in process.stdout or ():
            lines.append((time.monotonic() - began, line))
            copy.write(f"{time.strftime('%H:%M:%S')} {line}")
            copy.flush()
        process.wait()
        ending.cancel()
        copy.write(
            f"{time.strftime('%H:%M:%S')} exit code {process.returncode} after {time.monotonic() - began:.0f} s\n"
        )
    return Run(process.returncode, lines)
