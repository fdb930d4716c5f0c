# SPDX-License-Identifier: Apache-2.0
"""A command to its exit code, standard error and message of the pod."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cosmogony_steps import pod_message
from cosmogony_steps.errors import MissingObjectError, StepError, TransientError, UsageError
from cosmogony_steps.run import run_command


@pytest.fixture
def message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    file = tmp_path / "termination-log"
    file.touch()
    monkeypatch.setattr(pod_message, "FILE", str(file))
    return file.read_text


def raising(error: BaseException) -> Callable[[], int]:
    def function() -> int:
        raise error

    return function


def terminated() -> int:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
    return 0


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1)])
def test_returns_the_exit_code_of_the_command(returned: int | None, code: int, message: Callable[[], str]) -> None:
    assert run_command("load", lambda: returned) == code
    assert message() == ""


@pytest.mark.parametrize(
    ("function", "code", "said"),
    [
        (raising(StepError("broken file; make it again")), 1, "load: broken file; make it again"),
        (raising(MissingObjectError("no such object")), 1, "load: no such object"),
        (raising(UsageError("no number")), 2, "load: no number"),
        (raising(TransientError("server away")), 75, "load: server away; a retry can help"),
        (terminated, 75, "load: stopped by SIGTERM; a retry can help"),
        (
            raising(MemoryError()),
            1,
            "load: not enough memory; give the program, or the pod that it runs in, more of it",
        ),
        (raising(KeyboardInterrupt()), 130, "load: interrupted"),
    ],
)
def test_an_error_is_one_line_in_the_log_and_the_message_of_the_pod(
    function: Callable[[], int],
    code: int,
    said: str,
    message: Callable[[], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command("load", function) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ ERROR {re.escape(said)}\n", captured.err)
    assert message() == said


def test_unexpected_error_keeps_its_traceback(message: Callable[[], str]) -> None:
    with pytest.raises(ZeroDivisionError):
        run_command("load", lambda: 1 // 0)
    assert message().startswith("load: unexpected ZeroDivisionError: ")


def test_log_lines_of_libraries_have_the_same_format() -> None:
    check = """
import logging
from cosmogony_steps.run import run_command

def warn():
    logging.getLogger("library").info("nothing")
    logging.getLogger("library").warning("odd")

run_command("load", warn)
"""
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ WARN odd\n", done.stderr)
