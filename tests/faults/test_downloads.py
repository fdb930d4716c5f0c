# SPDX-License-Identifier: Apache-2.0
"""What the download server may do wrong."""

from __future__ import annotations

import re

import pytest
from scenario import extracts
from scenario.stack import LIECHTENSTEIN, Stack


@pytest.mark.quick
def test_not_found(stack: Stack) -> None:
    """It fails immediately, names the source, and says how to continue."""
    with stack.trial("HTTP 404") as trial:
        stack.downloads.fault(LIECHTENSTEIN, "status", method="ANY", status=404, times=0)
        said = stack.update(mode="changed", reason="it's time").failed()
        assert [step.phase for step in stack.cluster.attempts(said.workflow, "plan")] == ["Failed"], "no second attempt"
        assert re.search(rf"plan: Error \(exit code 1\): plan: source {LIECHTENSTEIN}", said.text)
        assert "answered HTTP 404; correct or disable the source in cosmogony_sources" in said.text
        assert "playbooks/update.yml -i" in said.text
        again = """ -e update_mode=changed -e '{"update_reason": "it'"'"'s time"}'"""
        assert any(line.endswith(again) for line in said.output.splitlines()), said.output
        assert "The live release is untouched" in said.text
        trial.saw("plan fails immediately and names the source")


def test_wrong_checksum(stack: Stack) -> None:
    """Fetched once more from the start, then given up for good."""
    with stack.trial("a wrong md5") as trial:
        changed = stack.change(LIECHTENSTEIN)
        stack.downloads.fault(LIECHTENSTEIN, "md5", times=0)
        said = stack.update().failed()
        assert stack.downloads.seen(LIECHTENSTEIN)["bytes"] == 2 * len(changed.content)
        assert len(stack.cluster.attempts(said.workflow, "fetch(batch 0)")) == 1
        assert "twice; wait for the publisher to repair the file" in said.text
        assert not stack.cluster.attempts(said.workflow, "merge"), "no release without the source"
        trial.saw("fetched twice, then given up; no merge")


def test_broken_file(stack: Stack) -> None:
    """Its checksum is right, its content is not: the part fails, and there is no release without it."""
    with stack.trial("a damaged file with the right md5") as trial:
        stack.downloads.put(LIECHTENSTEIN, extracts.broken(stack.original(LIECHTENSTEIN)))
        said = stack.update().failed()
        (extract,) = stack.cluster.attempts(said.workflow, "extract(batch 0)")
        assert extract.phase == "Failed"
        assert not stack.cluster.attempts(said.workflow, "merge"), "no release without the source"
        assert f"source {LIECHTENSTEIN}" in said.text
        trial.saw("extract fails immediately; no merge, although the other source is fine")
        stack.change(LIECHTENSTEIN)
