# SPDX-License-Identifier: Apache-2.0
"""Progress: what Argo, the log and the watch get of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cosmogony_steps import heartbeat
from cosmogony_steps.progress import Progress


def count_beats(before: int) -> int:
    return heartbeat.read_beat_count() - before


def test_progress_file_stops_at_the_total(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    progress = Progress("a.pbf", 1000, path=str(path), file_every=0)
    assert path.read_text() == "0/1000\n"
    progress.advance(400)
    assert path.read_text() == "400/1000\n"
    progress.advance(700)
    assert path.read_text() == "1000/1000\n"


def test_progress_file_is_taken_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGO_PROGRESS_FILE", str(tmp_path / "progress"))
    Progress("a.pbf", 5).end()
    assert (tmp_path / "progress").read_text() == "0/5\n"


def test_progress_file_shows_the_share_of_the_step(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    progress = Progress("load", 10, share=(40, 80), path=str(path), file_every=0)
    assert path.read_text() == "40/100\n"
    progress.set(5)
    assert path.read_text() == "60/100\n"
    progress.set(10)
    assert path.read_text() == "80/100\n"


def test_progress_works_without_total_or_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("a.pbf", None, path=str(tmp_path / "progress"), file_every=0)
    progress.advance(400)
    assert not (tmp_path / "progress").exists()
    progress.end()
    assert (tmp_path / "progress").read_text() == "400/400\n"
    progress = Progress("a.pbf", 5, path=str(tmp_path / "no" / "folder"), file_every=0)
    progress.advance()
    assert capsys.readouterr().err.count("cannot be written") == 1


def test_logs_progress(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("a.pbf", 2_000_000, path="", line_every=0)
    progress.advance(500_000)
    assert "a.pbf: 500.0 KB of 2.0 MB (25 %)" in capsys.readouterr().err


def test_unchanged_count_is_no_sign_of_life() -> None:
    before = heartbeat.read_beat_count()
    progress = Progress("zones", 10, path="")
    counts = []
    for done in (1, 1, 2, 2, 2):
        progress.set(done)
        counts.append(count_beats(before))
    assert counts == [2, 2, 3, 3, 3]  # the first one is the beginning
    assert heartbeat.describe_last_beat() == "zones, 2 of 10"


def test_explanation_is_no_sign_of_life() -> None:
    before = heartbeat.read_beat_count()
    heartbeat.beat("COPY", 1, 2)
    heartbeat.record_activity_detail("waits for a lock")
    assert count_beats(before) == 1
    assert heartbeat.describe_last_beat() == "COPY, 1 of 2 (waits for a lock)"
    heartbeat.record_activity_detail("row 3 of 4", moved=True)
    assert count_beats(before) == 2
    assert heartbeat.describe_last_beat() == "COPY, 1 of 2 (row 3 of 4)"
    heartbeat.beat("ANALYZE")
    assert heartbeat.describe_last_beat() == "ANALYZE"


def test_forked_process_gives_signs_of_life() -> None:
    before = heartbeat.read_beat_count()
    heartbeat.beat("finding inclusions", 1, 2)
    pid = os.fork()
    if not pid:
        heartbeat.beat("finding inclusions", 2, 2)
        os._exit(0)
    os.waitpid(pid, 0)
    assert count_beats(before) == 2
    assert heartbeat.describe_last_beat() == "finding inclusions, 2 of 2"


def test_long_texts_are_cut() -> None:
    heartbeat.beat("ü" * 1000)
    text = heartbeat.describe_last_beat()
    assert set(text) == {"ü"}
    assert 500 < len(text) < 1000


def test_a_process_without_a_watch_is_not_watched() -> None:
    assert not heartbeat.is_watched()
