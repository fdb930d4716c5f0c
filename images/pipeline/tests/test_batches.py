# SPDX-License-Identifier: Apache-2.0
"""Sources in batches, and what becomes of a batch in which some fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cosmogony_pipeline.sources import batches
from cosmogony_pipeline.sources.batches import make_batches
from cosmogony_pipeline.steps.batch import process_batch
from cosmogony_steps.documents import PlanItem
from cosmogony_steps.errors import StepError, TerminatedError, TransientError

ITEMS = [PlanItem(name=f"{letter}.pbf", url=f"https://e.org/{letter}.pbf") for letter in "abcdef"]


def test_small_sources_share_a_batch_and_large_ones_are_alone() -> None:
    sizes = [("e", 40), ("a", 50), ("b", 60), ("c", 500), ("d", 30), ("f", 1)]
    assert make_batches(sizes, 100, 9) == [["a"], ["b", "d"], ["c"], ["e", "f"]]
    assert make_batches(sizes[::-1], 100, 9) == make_batches(sizes, 100, 9)
    assert make_batches(sizes, 1000, 4) == [["a", "b", "c", "d"], ["e", "f"]]
    assert make_batches(sizes, 0, 4) == [[name] for name in "abcdef"]
    assert make_batches([], 100, 9) == []


def test_a_thousand_small_sources_are_few_batches_and_any_number_are_not_too_many() -> None:
    thousand = [(f"{n:04}", 70_000) for n in range(1000)]
    made = make_batches(thousand, 256_000_000, 32)
    assert (len(made), max(map(len, made))) == (32, 32)
    large = [(f"{n:05}", 4 * 2**30) for n in range(5000)]
    made = make_batches(large, 256_000_000, 32)
    assert len(made) <= batches.MAX_BATCHES
    assert [name for batch in made for name in batch] == [name for name, _ in large]


def failing(errors: dict[str, StepError], done: list[str]) -> Callable[[PlanItem, str | None], str]:
    def work(item: PlanItem, progress_file: str | None) -> str:
        assert progress_file == ""
        done.append(item.name)
        if error := errors.get(item.name):
            raise error
        return item.name

    return work


def test_permanent_failure_does_not_stop_the_other_sources(capsys: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []
    errors: dict[str, StepError] = {
        "b.pbf": StepError("source b.pbf: answered HTTP 404"),
        "d.pbf": TransientError("the server hung up"),
    }
    with pytest.raises(StepError) as failed:
        process_batch(ITEMS, failing(errors, done))
    assert done == [item.name for item in ITEMS]
    assert str(failed.value) == ("source b.pbf: answered HTTP 404 (2 of 6); source d.pbf: the server hung up (4 of 6)")
    assert failed.value.exit_code == 1, "a retry cannot help b"
    assert "ERROR source d.pbf: the server hung up (4 of 6)" in capsys.readouterr().err


def test_connection_errors_are_transient() -> None:
    with pytest.raises(TransientError, match=r"source b\.pbf: x \(2 of 6\)"):
        process_batch(ITEMS, failing({"b.pbf": TransientError("x")}, []))


def test_batch_stops_after_consecutive_transient_errors() -> None:
    done: list[str] = []
    errors: dict[str, StepError] = {item.name: TransientError("away") for item in ITEMS[1:]}
    with pytest.raises(TransientError):
        process_batch(ITEMS, failing(errors, done))
    assert done == ["a.pbf", "b.pbf", "c.pbf"]


def test_sigterm_ends_a_batch() -> None:
    done: list[str] = []
    with pytest.raises(TerminatedError):
        process_batch(ITEMS, failing({"b.pbf": TerminatedError("stopped by SIGTERM")}, done))
    assert done == ["a.pbf", "b.pbf"]


def test_many_failures_are_counted_and_the_first_named() -> None:
    errors = {item.name: StepError("broken") for item in ITEMS}
    with pytest.raises(StepError) as failed:
        process_batch(ITEMS, failing(errors, []))
    assert str(failed.value).startswith("6 of 6 sources failed: source a.pbf: broken (1 of 6); ")
    assert str(failed.value).endswith("source e.pbf: broken (5 of 6); and 1 more")


def test_the_progress_is_that_of_the_batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = []
    file = tmp_path / "progress"
    monkeypatch.setenv("ARGO_PROGRESS_FILE", str(file))

    def work(item: PlanItem, progress_file: str | None) -> None:
        seen.append(file.read_text())

    process_batch(ITEMS[:3], work)
    assert [*seen, file.read_text()] == ["0/3\n", "1/3\n", "2/3\n", "3/3\n"]


def test_batch_of_one_source_has_plain_progress_and_message() -> None:
    def work(item: PlanItem, progress_file: str | None) -> None:
        assert progress_file is None
        raise StepError("x")

    with pytest.raises(StepError, match=r"^x$"):
        process_batch(ITEMS[:1], work)
