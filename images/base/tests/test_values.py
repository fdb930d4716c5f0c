# SPDX-License-Identifier: Apache-2.0
"""Values as text, output parameters, keys, waiting."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cosmogony_steps import object_keys
from cosmogony_steps.errors import StepError, TerminatedError, TransientError, UsageError
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.retry import Backoff
from cosmogony_steps.shortening import join_first
from cosmogony_steps.value_parsing import (
    parse_boolean,
    parse_integer,
    parse_size,
    parse_unique_words,
    require_environment_variables,
)


@pytest.mark.parametrize("text", ["true", "True", " yes ", "on", "1", True])
def test_parses_true(text: object) -> None:
    assert parse_boolean(text, "X") is True


@pytest.mark.parametrize("text", ["false", "FALSE", "no", "off", "0", False])
def test_parses_false(text: object) -> None:
    assert parse_boolean(text, "X", default=True) is False


@pytest.mark.parametrize("text", ["", "  ", None])
def test_blank_is_the_default(text: object) -> None:
    assert parse_boolean(text, "X") is False
    assert parse_boolean(text, "X", default=True) is True


def test_refuses_other_words_for_a_boolean() -> None:
    with pytest.raises(UsageError, match="X: 'perhaps' is neither true nor false"):
        parse_boolean("perhaps", "X")


@pytest.mark.parametrize(("text", "number"), [("", None), (" 7 ", 7), ("0", 0)])
def test_parses_integers(text: str, number: int | None) -> None:
    assert parse_integer(text, "X") == number


@pytest.mark.parametrize("text", ["seven", "7.5", "--7", "9" * 19])
def test_refuses_non_integers(text: str) -> None:
    with pytest.raises(UsageError, match=f"X '{text}' is not a number"):
        parse_integer(text, "X")


def test_refuses_integers_beyond_the_limits() -> None:
    assert parse_integer("-3", "X", least=-5) == -3
    with pytest.raises(UsageError, match="X -1 is not from 0 up"):
        parse_integer("-1", "X")
    with pytest.raises(UsageError, match="X 70000 is not from 1 to 65535"):
        parse_integer("70000", "X", least=1, most=65535)


@pytest.mark.parametrize(
    ("text", "found"), [("", None), ("5", 5), ("2Gi", 2**31), ("1.5k", 1500), ("300Mi", 300 << 20)]
)
def test_parses_sizes(text: str, found: int | None) -> None:
    assert parse_size(text, "--disk") == found


def test_refuses_invalid_size() -> None:
    with pytest.raises(UsageError, match="--disk 'big'"):
        parse_size("big", "--disk")


def test_parses_words() -> None:
    assert parse_unique_words("b, a,,b", "X") == parse_unique_words(["a", "b"], "X") == ("a", "b")
    with pytest.raises(UsageError, match="X: a list of words"):
        parse_unique_words([1], "X")


def test_names_all_missing_variables() -> None:
    assert require_environment_variables({"A": " x "}, ["A"], "database") == {"A": "x"}
    with pytest.raises(UsageError, match="database: environment variable A, C not set"):
        require_environment_variables({"A": " ", "B": "x"}, ["A", "B", "C"], "database")


def test_outputs_are_plain_text_or_json(tmp_path: Path) -> None:
    write_outputs(tmp_path / "new", {"text": "a b", "flag": True, "number": 3, "list": [{"é": 1}]})
    found = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "new").iterdir()}
    assert found == {"text": "a b", "flag": "true", "number": "3", "list": '[{"é":1}]'}


def test_outputs_that_cannot_be_written_are_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StepError, match="outputs cannot be written"):
        write_outputs(tmp_path / "file" / "x", {"a": 1})


def test_keys() -> None:
    assert object_keys.get_source_key("a.pbf") == "osm/a.pbf"
    assert object_keys.get_source_marker_key("a.pbf") == "osm/a.pbf.json"
    assert object_keys.get_part_key("a.pbf") == "cosmogony-data/parts/a.pbf.jsonl.gz"
    assert object_keys.get_part_marker_key("a.pbf") == "cosmogony-data/parts/a.pbf.json"
    assert object_keys.LATEST_ZONES == "cosmogony-data/concat/cosmogony.jsonl.gz"
    assert object_keys.LATEST_STATISTICS == "cosmogony-data/concat/tests_results.json"
    made = [
        object_keys.get_run_plan_key("update-x"),
        object_keys.get_run_summary_key("update-x"),
        object_keys.get_former_run_summary_key("update-x"),
    ]
    assert made == ["runs/update-x/plan.json", "runs/update-x/summary.json", "runs/update-x.json"]
    assert [object_keys.find_run_name(key) for key in made] == ["update-x"] * 3
    for key in ("runs/x/notes.json", "runs/x/y/plan.json", "runs/x.txt", "runs/", "osm/x.json"):
        assert object_keys.find_run_name(key) == ""
    assert object_keys.validate_run_name("update-x") == "update-x"
    for name in ("", "Update", "a/b", "../x", "a-"):
        with pytest.raises(UsageError, match="is not the name of a workflow"):
            object_keys.validate_run_name(name)
    made = [
        object_keys.get_release_zones_key,
        object_keys.get_release_manifest_key,
        object_keys.get_release_statistics_key,
        object_keys.get_release_summary_key,
    ]
    assert tuple(key("r") for key in made) == tuple(f"releases/r/{name}" for name in object_keys.RELEASE_FILES)
    assert object_keys.get_release_zones_key("r").startswith(object_keys.get_release_prefix("r"))


def test_waiting_doubles_up_to_the_limit_and_honours_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    backoff = Backoff(attempts=5, first=1, limit=3)
    for failures in (1, 2, 3):
        backoff.wait_or_raise(failures, TransientError("x"))
    backoff.wait_or_raise(1, TransientError("x", retry_after=5))
    backoff.wait_or_raise(1, TransientError("x", retry_after=3600))
    assert slept == [1, 2, 3, 5, 6]
    with pytest.raises(TransientError, match="x"):
        backoff.wait_or_raise(5, TransientError("x"))


def test_sigterm_is_not_waited_for() -> None:
    with pytest.raises(TerminatedError):
        Backoff(attempts=5, first=0).wait_or_raise(1, TerminatedError("x"))


@pytest.mark.parametrize(
    "module",
    ["run", "value_parsing", "settings", "step_settings", "outputs", "object_keys", "retry", "progress", "watch"],
)
def test_modules_without_s3_do_not_import_it(module: str) -> None:
    check = f"import sys, cosmogony_steps.{module}; sys.exit('minio' in sys.modules or 'urllib3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize(
    ("count", "most", "said"),
    [(0, 3, ""), (3, 3, "a, b, c"), (4, 3, "a, b, c, and 1 more; all are there"), (4, 0, "and 4 more; all are there")],
)
def test_shortens_long_lists(count: int, most: int, said: str) -> None:
    assert join_first("abcd"[:count], most, rest="all are there") == said
