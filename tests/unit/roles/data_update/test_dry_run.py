# SPDX-License-Identifier: Apache-2.0
"""What a dry run says of the outputs of step plan, whatever the number of sources."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from ansible.plugins.filter.core import to_bool
from checkout import CHECKOUT
from cosmogony_pipeline.steps.plan_outputs import make_outputs
from cosmogony_steps.documents import Plan, PlannedSource, Programs, SourceState
from cosmogony_steps.settings import Settings
from jinja2 import Environment, StrictUndefined

TEMPLATE = CHECKOUT / "roles/data_update/templates/plan.j2"


def say(*states: SourceState) -> list[str]:
    """The lines of a dry run with a source of 5 MB for each state, all of the same day."""
    fetched = (SourceState.NEW, SourceState.CHANGED)
    details = tuple(
        PlannedSource(
            name=f"region-{number:04}.osm.pbf",
            url=f"https://download.example.org/region-{number:04}.osm.pbf",
            resolved_url=f"https://download.example.org/region-{number:04}-261121.osm.pbf",
            version_date="2026-11-21",
            size=5_000_000,
            fetch_bytes=5_000_000 if state in fetched else 0,
            md5_published=number % 2 == 0,
            state=state,
        )
        for number, state in enumerate(states)
    )
    plan = Plan(
        run="plan-x",
        created=datetime.now(UTC),
        changed=True,
        message="something to do",
        release="",
        reason="",
        items=(),
        batches=(),
        details=details,
        fetch_bytes=sum(source.fetch_bytes for source in details),
        merge_disk="1Gi",
        programs=Programs(rules="", extractor="", importer="", dashboard=""),
        settings=Settings(),
    )
    written = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in make_outputs(plan, "runs/plan-x/plan.json").items()
    }
    environment = Environment(trim_blocks=True, undefined=StrictUndefined)  # noqa: S701  text for a terminal
    environment.filters["bool"] = to_bool
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    details_as_read = json.loads(written["details"])
    return template.render(__data_update_would=written, __data_update_details=details_as_read).splitlines()


def test_a_few_sources_are_all_named() -> None:
    assert say(SourceState.UNCHANGED, SourceState.CHANGED) == [
        "something to do",
        "A release would be made; to fetch: 5.0 MB",
        "sources: 2 (1 changed, 1 unchanged)",
        "region-0001.osm.pbf: changed, 5.0 MB of 2026-11-21, to fetch: 5.0 MB, no .md5 is published",
        "region-0000.osm.pbf: unchanged, 5.0 MB of 2026-11-21, to fetch: nothing",
    ]


def test_of_a_thousand_sources_all_are_counted_and_the_first_named() -> None:
    lines = say(*(SourceState.EXTRACT,) * 400, *(SourceState.NEW,) * 600)
    assert lines[1:4] == [
        "A release would be made; to fetch: 3.0 GB",
        "sources: 1000 (600 new, 400 to extract)",
        "region-0400.osm.pbf: new, 5.0 MB of 2026-11-21, to fetch: 5.0 MB",
    ]
    shown = len(lines) - 4
    assert 20 < shown < 50
    assert lines[-1] == f"and {1000 - shown} more; all are in the bucket, runs/plan-x/plan.json"
