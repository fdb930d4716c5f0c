# SPDX-License-Identifier: Apache-2.0
"""With --require-services a test that is skipped fails, whatever skips it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import CHECKOUT

TESTS = """
import pytest
from services import skip_unless_available
from services.programs import find_program


@pytest.fixture(scope="session")
def server():
    return skip_unless_available(find_program, "no-such-server")


def test_of_a_server(server):
    pass


def test_another_of_it(server):
    pass


@pytest.mark.skipif(True, reason="no npm")
def test_that_is_marked():
    pass


def test_that_skips_by_itself():
    pytest.skip("no helm")


@pytest.mark.xfail(reason="known")
def test_that_is_expected_to_fail():
    assert False


def test_that_passes():
    pass
"""
MODULE = 'import pytest\n\npytest.importorskip("no_such_library")\n'


@pytest.fixture
def run(tmp_path: Path):
    """Run those tests as a checkout would, with the options given; return the exit code and what was printed."""
    shutil.copy(CHECKOUT / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_servers.py").write_text(TESTS)
    (tmp_path / "test_library.py").write_text(MODULE)

    def pytest_with(*options: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT / "tests")},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return pytest_with


def test_without_the_option_tests_are_skipped(run):
    code, printed = run()
    assert code == 0
    assert "1 passed, 5 skipped, 1 xfailed" in printed


def test_with_the_option_each_fails_and_names_what_is_missing(run):
    code, printed = run("--require-services", "--continue-on-collection-errors")
    assert code == 1
    assert "1 failed, 1 passed, 1 xfailed, 4 errors" in printed
    for missing in ("no program no-such-server", "no npm", "no helm", "could not import 'no_such_library'"):
        assert missing in printed
    assert "SKIPPED" not in printed
