# SPDX-License-Identifier: Apache-2.0
"""Programs whose bucket cannot be used end in the same way, whichever program it is, and module readiness agrees."""

from __future__ import annotations

import importlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import pytest
from ansible_collections.cosmogony.stack.plugins.module_utils._services.errors import ServiceError
from ansible_collections.cosmogony.stack.plugins.module_utils._services.readiness_checks import check_bucket
from ansible_collections.cosmogony.stack.plugins.module_utils._services.s3 import S3Store
from services.answers import REFUSALS, Answer, s3_error, serving

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARN|ERROR) .+")
RELEASE = "20261122t221000-3f9ab2c1"
#: A command of each program that asks the bucket before anything else: package and arguments.
PROGRAMS = {
    "pipeline": (
        *("cosmogony_pipeline", "extract", "--source=a.osm.pbf"),
        '--set=sources.extracts=[{"url": "https://e.org/a.osm.pbf"}]',
    ),
    "dashboard": ("cosmogony_dashboard", "stats", "--release", RELEASE),
    "importer": ("cosmogony_importer", "load", "--release", RELEASE),
}
Run = Callable[[str, dict[str, str]], tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a program, without its pauses; return its exit code, and the last line that it logs."""
    monkeypatch.setattr("urllib3.util.retry.Retry.sleep", lambda *_: None)

    def run_program(program: str, environment: dict[str, str]) -> tuple[int, str]:
        package, *arguments = PROGRAMS[program]
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        code = importlib.import_module(f"{package}.cli").main(arguments)
        captured = capsys.readouterr()
        assert captured.out == "", "standard output is for results"
        lines = captured.err.splitlines()
        assert lines
        assert all(LINE.fullmatch(line) for line in lines), captured.err
        assert environment["S3_SECRET_KEY"] not in captured.err
        return code, lines[-1]

    return run_program


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_answer_of_a_server_ends_every_program_alike(program: str, run: Run) -> None:
    found = {}
    for code, (status, _) in REFUSALS.items():
        with serving(s3_error(code, status)) as server:
            found[code], said = run(program, server.environment())
        assert code in said
        assert f" at S3 {server.endpoint}/bucket " in said
        assert ("a retry can help" in said) == (found[code] == 75)
    assert found == {code: exit_code for code, (_, exit_code) in REFUSALS.items()}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("S3_ENDPOINT", "https://e:9000"),
        ("S3_ENDPOINT", ""),
        ("S3_BUCKET", "No_Bucket!"),
        ("S3_SECURE", "perhaps"),
    ],
)
def test_a_setting_that_cannot_be_right_is_named(program: str, name: str, value: str, run: Run) -> None:
    with serving(Answer(404)) as server:
        code, said = run(program, {**server.environment(), name: value})
    assert code == 2
    assert name in said


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("value", ["no", "off", "0", "False", "false "])
def test_all_words_for_false_are_read(program: str, value: str, run: Run) -> None:
    with serving(s3_error("NoSuchBucket", 404)) as server:
        assert run(program, {**server.environment(), "S3_SECURE": value})[0] == 1
        assert server.asked


@pytest.mark.parametrize("program", PROGRAMS)
def test_sigterm_ends_a_program_as_a_transient_failure(program: str) -> None:
    """While it waits for a server that does not answer, as in a pod that is evicted."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "S3_ENDPOINT": f"127.0.0.1:{silent.getsockname()[1]}",
            "S3_SECURE": "false",
            "S3_BUCKET": "bucket",
            "S3_ACCESS_KEY": "access",
            "S3_SECRET_KEY": "secret",
        }
        command = [sys.executable, "-m", *PROGRAMS[program]]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = silent.accept()
            connection.recv(1)
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=30)[1]
            connection.close()
    assert process.returncode == 75, said
    assert said.endswith("stopped by SIGTERM; a retry can help\n")


@pytest.mark.parametrize("code", REFUSALS)
def test_module_readiness_refuses_what_no_retry_cures(code: str) -> None:
    status, exit_code = REFUSALS[code]
    options = {
        "bucket": "bucket",
        "access_key": "access",
        "secret_key": "hush-hush",
        "session_token": None,
        "secure": False,
        "region": "us-east-1",
        "service": None,
        "existing_secret": None,
        "validate_certs": True,
        "ca_path": None,
        "bucket_required": True,
    }
    with serving(s3_error(code, status)) as server, pytest.raises(ServiceError) as failed:
        check_bucket(S3Store({**options, "endpoint": server.endpoint}), 5, write=False)
    assert failed.value.final == (exit_code != 75)
