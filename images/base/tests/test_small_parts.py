# SPDX-License-Identifier: Apache-2.0
"""Errors, SIGTERM, the message of the pod."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from cosmogony_steps import pod_message
from cosmogony_steps.errors import MissingObjectError, StepError, TerminatedError, TransientError, UsageError
from cosmogony_steps.signals import raise_on_sigterm


@pytest.mark.parametrize(
    ("kind", "code"),
    [(UsageError, 2), (StepError, 1), (MissingObjectError, 1), (TransientError, 75), (TerminatedError, 75)],
)
def test_exit_codes(kind: type[StepError], code: int) -> None:
    assert kind("x").exit_code == code


def test_sigterm_raises_inside_the_block_only() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(TerminatedError, match="stopped by SIGTERM"), raise_on_sigterm():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_message_of_the_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "termination-log"
    monkeypatch.setattr(pod_message, "FILE", str(file))
    pod_message.write_pod_message("nobody reads it")
    assert not file.exists(), "only Kubernetes makes the file"
    file.touch()
    pod_message.write_pod_message("x" * 5000)
    assert file.read_text() == "x" * pod_message.MAX_LENGTH
