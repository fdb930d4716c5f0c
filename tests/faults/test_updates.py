# SPDX-License-Identifier: Apache-2.0
"""Updates without a fault: nothing new, something new, something gone, and what they say."""

from __future__ import annotations

import pytest
from scenario.stack import CITIES, LIECHTENSTEIN, LUXEMBOURG, Stack, seconds


@pytest.mark.quick
def test_release_has_both_sources(stack: Stack) -> None:
    manifest = stack.store.json(f"releases/{stack.site.release()}/manifest.json")
    assert [source["name"] for source in manifest["sources"]] == [LIECHTENSTEIN, "luxembourg-latest.osm.pbf"]
    assert manifest["sources"][1]["file"] == LUXEMBOURG, "the name of the latest leads to the dated file"
    assert {"LI", "LU"} <= set(manifest["counts"]["by_country"])


@pytest.mark.quick
def test_nothing_new(stack: Stack) -> None:
    live = stack.site.release()
    stack.downloads.forget_seen()
    said = stack.update().succeeded()
    assert f"Nothing is new: release {live} is current" in said.text
    status = stack.cluster.argo.get_workflow(said.workflow)["status"]
    took = seconds((status["startedAt"], status["finishedAt"]))
    labels = [step.label for step in stack.cluster.steps(said.workflow)]
    assert [label for label in labels if "report" not in label] == ["plan"], "one pod, and the one that reports"
    assert took <= 60
    assert stack.downloads.seen(LIECHTENSTEIN)["bytes"] == stack.downloads.seen(LUXEMBOURG)["bytes"] == 0
    assert stack.site.release() == live
    stack.note("nothing is new", f"one step, release {live} is current", took)


@pytest.mark.quick
def test_dry_run_says_what_would_be_fetched(stack: Stack) -> None:
    """Blank fields of a survey come as text, as spaces and as null."""
    live = stack.site.release()
    changed = stack.change(LIECHTENSTEIN)
    stack.downloads.forget_seen()
    said = stack.update(dry_run="true", mode=" ", source="", reason=None, override="", when_running=None).succeeded()
    assert f"{LIECHTENSTEIN}: changed" in said.text
    assert f"{len(changed.content) / 1000:.1f} KB" in said.text
    assert stack.downloads.seen(LIECHTENSTEIN)["bytes"] == 0
    assert stack.site.release() == live


@pytest.mark.quick
def test_two_changed_sources_over_a_bad_line(stack: Stack) -> None:
    """Both extracts changed; one connection breaks half-way, the other server has three bad moments."""
    with stack.trial("the connection drops half-way; HTTP 500 three times", publishes=True) as trial:
        one, other = stack.change(LIECHTENSTEIN), stack.change(LUXEMBOURG)
        size = len(one.content)
        stack.downloads.fault(LIECHTENSTEIN, "cut", after=size // 2)
        stack.downloads.fault(LUXEMBOURG, "status", status=500, times=3)
        said = stack.update().succeeded()

        seen = stack.downloads.seen(LIECHTENSTEIN)
        assert seen["ranges"] == [f"bytes={size // 2}-"]
        assert seen["bytes"] == size, "every byte crosses the network once"
        marker = stack.store.json(f"osm/{LIECHTENSTEIN}.json")
        assert (marker["size"], marker["sha256"]) == (size, stack.store.sha256(f"osm/{LIECHTENSTEIN}"))
        seen = stack.downloads.seen(LUXEMBOURG)
        assert seen["statuses"].count(500) == 3
        assert seen["bytes"] == len(other.content)
        for label in ("fetch(batch 0)", "fetch(batch 1)"):
            assert len(stack.cluster.attempts(said.workflow, label)) == 1, "the step itself tried again"
        assert stack.served(one)
        assert stack.served(other)
        trial.saw(f"continued at byte {size // 2} of {size} with the right checksum; the other came at the 4th attempt")


def test_both_sources_are_extracted_at_the_same_time(stack: Stack) -> None:
    with stack.trial("two sources changed", publishes=True) as trial:
        stack.change(LIECHTENSTEIN)
        stack.change(LUXEMBOURG)
        said = stack.update().succeeded()
        together = stack.overlap(said.workflow, "extract(batch 0)", "extract(batch 1)")
        assert together > 0
        trial.saw(f"extracted side by side for {together:.0f} s")


def test_removed_source(stack: Stack) -> None:
    """The gate stops a release that lacks a country; a reason lets it through; the source comes back."""
    with stack.trial("a source is removed", publishes=True) as trial:
        sources = stack.cluster.read_settings()["sources"]["extracts"]
        only = [source for source in sources if LIECHTENSTEIN in source["url"]]
        with stack.cluster.setting(sources={"extracts": only}):
            said = stack.update().failed()
            assert "is blocked" in said.text
            assert stack.site.release() == trial.before
            stack.update(override="Luxembourg is served elsewhere now").succeeded()
            live = stack.site.release()
            assert [s["name"] for s in stack.store.json(f"releases/{live}/manifest.json")["sources"]] == [LIECHTENSTEIN]
            assert stack.site.zone(CITIES[LUXEMBOURG][0]) is None
            assert stack.site.zone(CITIES[LIECHTENSTEIN][0]) is not None
        trial.saw("the gate blocks it; with a reason it is published without that country")
    assert stack.site.zone(CITIES[LUXEMBOURG][0]) is not None, "the next run has it again"
