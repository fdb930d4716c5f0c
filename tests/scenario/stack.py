# SPDX-License-Identifier: Apache-2.0
"""Breaks one thing at a time, and looks at what the stack makes of it."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from checkout import CHECKOUT, DATA
from waiting import wait_for

from . import extracts
from .cluster import Cluster
from .downloads import Downloads
from .leftovers import Leftovers
from .report import ROWS, Row
from .services import Database, ObjectStore
from .settings import Settings
from .updates import Playbook
from .watch import Look, Site, Watch

LIECHTENSTEIN = "liechtenstein-2013-08-03.osm.pbf"
LUXEMBOURG = "luxembourg-200101.osm.pbf"
AGAIN = 30.0  # seconds until all is right after the database is back
# A city of each, which gets another name when the extract is to change.
CITIES = {LIECHTENSTEIN: ("relation:37", "Triesen"), LUXEMBOURG: ("relation:1333112", "Mersch")}
_NUMBERS = itertools.count(int(time.time()) % 100_000)


@dataclass(frozen=True)
class Changed:
    """An extract that differs from all before: a city has another name."""

    content: bytes
    osm_id: str
    name: str


def seconds(node: Any) -> float:
    """How long a workflow's status or a step took."""
    began, ended = (datetime.fromisoformat(moment.replace("Z", "+00:00")) for moment in node)
    return (ended - began).total_seconds()


class Trial:
    """One fault: what was done and seen."""

    def __init__(self, row: Row, before: str) -> None:
        self.row = row
        self.before = before
        self.watch: Watch | None = None
        self.allowed: Callable[[Look], bool] = lambda look: False

    def saw(self, text: str) -> None:
        self.row.seen = f"{self.row.seen}; {text}" if self.row.seen else text


class Stack:
    """Everything a test needs."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.cluster = Cluster(settings)
        self.store = ObjectStore(self.cluster)
        self.database = Database(self.cluster)
        self.downloads = Downloads(settings.downloads_url)
        self.site = Site(settings.site_url)
        self.leftovers = Leftovers(self.cluster, self.store, self.database)
        self._playbooks: list[Playbook] = []

    @classmethod
    def of_scenario(cls, tests: str) -> Stack:
        """For the stack of the scenario that runs; what its playbooks say is kept in artifacts/TESTS."""
        folder = CHECKOUT / "artifacts" / tests
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.log"):
            old.unlink()
        return cls(Settings.from_environment(), folder)

    def original(self, name: str) -> bytes:
        if name == LIECHTENSTEIN:
            return (self.settings.samples / LIECHTENSTEIN).read_bytes()
        return (DATA / "luxembourg_filtered.osm.pbf").read_bytes()

    def change(self, name: str, *, size: int = 0) -> Changed:
        """Serve a new version of an extract, padded to SIZE bytes."""
        osm_id, city = CITIES[name]
        new = f"{city} {next(_NUMBERS)}"
        content = extracts.padded(extracts.renamed(self.original(name), osm_id, new, self.folder), size)
        self.downloads.put(name, content)
        return Changed(content, osm_id, new)

    def served(self, changed: Changed) -> bool:
        zone = self.site.zone(changed.osm_id)
        return zone is not None and zone["name"] == changed.name

    def note(self, what: str, seen: str, took: float) -> None:
        """A row of the table for a run without a fault."""
        ROWS.append(Row(what, seen, "stood", seconds=f"{took:.0f}"))

    def overlap(self, workflow: str, one: str, other: str) -> float:
        """Seconds that two steps of a workflow were at work together."""
        first, second = (self.cluster.attempts(workflow, label)[-1] for label in (one, other))
        assert first.started and first.finished and second.started and second.finished
        return seconds((max(first.started, second.started), min(first.finished, second.finished)))

    def playbook(self, playbook: str, *options: str, checkout: Path = CHECKOUT, **extra: Any) -> Playbook:
        """Start a playbook of this checkout or of another one."""
        started = Playbook(self.settings, playbook, self.folder, extra, *options, checkout=checkout)
        self._playbooks.append(started)
        return started

    def update(self, **extra: Any) -> Playbook:
        """An update as users start it; variables without their prefix update_."""
        return self.playbook("playbooks/update.yml", **{f"update_{name}": value for name, value in extra.items()})

    def next_run(self) -> str:
        """One more update must succeed; what came of it."""
        workflow = self.cluster.run("cosmogony-update")
        assert workflow["status"]["phase"] == "Succeeded", workflow["status"].get("message")
        return self.cluster.outputs(workflow)["result"]

    def all_right(self, *, limit: float) -> float:
        """Seconds until page, API and tiles answer."""
        began = time.monotonic()

        def look() -> bool:
            seen = Watch(self.site).look()
            assert (seen.page, seen.api, seen.cached_tile, seen.other_tile) == (200, 200, 200, 200), seen
            return True

        wait_for(look, "page, API and tiles answer", limit=limit)
        return time.monotonic() - began

    def settle(self) -> None:
        """Nothing is broken and nothing runs."""
        self.database.is_there()
        self.downloads.all_right()
        for playbook in self._playbooks:
            playbook.end()
        self._playbooks.clear()
        for workflow in self.cluster.workflows():
            if workflow["metadata"].get("labels", {}).get("workflows.argoproj.io/completed") != "true":
                self.cluster.terminate(workflow["metadata"]["name"])
                self.cluster.ended(workflow["metadata"]["name"], limit=120)

    @contextlib.contextmanager
    def trial(self, fault: str, *, publishes: bool = False) -> Iterator[Trial]:
        """Break something in the block. After it: what was live stood, the next run succeeds, nothing is left."""
        self.settle()
        self.downloads.forget_seen()
        began = time.monotonic()
        trial = Trial(Row(fault), self.site.release())
        ROWS.append(trial.row)
        try:
            with Watch(self.site) as trial.watch:
                yield trial
            self._judge(trial, publishes)
            self.downloads.all_right()
            trial.row.next_run = self.next_run()
            trial.row.leftovers = self._cleaned()
        except BaseException as error:
            trial.row.seen = f"FAILED: {' '.join(str(error).split())[:200]}"
            raise
        finally:
            trial.row.seconds = f"{time.monotonic() - began:.0f}"
            self.settle()

    def _judge(self, trial: Trial, publishes: bool) -> None:
        assert trial.watch is not None
        releases = trial.watch.releases()
        assert not trial.watch.troubles(trial.allowed), trial.watch.troubles(trial.allowed)[:5]
        live = self.site.release()
        assert live == self.database.live()
        expected = [trial.before, live] if publishes else [trial.before]
        assert releases in (expected, expected[:1], []), f"{releases} were live, expected {expected}"
        assert (live != trial.before) == publishes, f"live before {trial.before}, live now {live}"
        trial.row.stood = "stood, then the new one" if publishes else "stood"

    def _cleaned(self) -> str:
        found = self.leftovers.all()
        if not found:
            return "none"
        workflow = self.cluster.run("cosmogony-clean")
        assert workflow["status"]["phase"] == "Succeeded", workflow["status"].get("message")
        left = self.leftovers.all()
        assert not left, f"clean left {left}"
        return f"clean took {', '.join(found)}"
