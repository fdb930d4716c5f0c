# SPDX-License-Identifier: Apache-2.0
"""An earlier commit is deployed and makes two releases; this checkout upgrades it. The tests are in order."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from scenario.checkouts import checkout
from scenario.cluster import GROUP
from scenario.stack import CITIES, LIECHTENSTEIN, LUXEMBOURG, Stack
from scenario.updates import Playbook
from scenario.watch import Watch
from waiting import wait_for

BEFORE = "a3df40645d6fc4c288c8d68c0db24bdf74ee8ab4"
LATEST = "luxembourg-latest.osm.pbf"  # as the settings name it
BUILDS = 1800.0  # seconds for a run that may have to build images


@dataclass(frozen=True)
class Data:
    """What is served and stored."""

    releases: list[tuple[str, bool]]  # id, live; newest first
    zones: Counter[tuple[str, str]]  # by country and type
    cities: dict[str, dict[str, Any]]
    extracts: dict[str, str]  # when each was written


@dataclass(frozen=True)
class Deployed:
    """Two releases of an earlier commit."""

    first: str
    second: str
    city: str  # OSM id
    names: tuple[str, str]  # in the first release, in the second
    data: Data
    early: Playbook  # site.yml of this checkout, while the second release was made
    early_run: str  # the workflow that made it


def data_of(stack: Stack) -> Data:
    answer = stack.site.get("/api/releases")
    assert answer.status == 200, answer
    cities = {osm_id: stack.site.zone(osm_id) for osm_id, _ in CITIES.values()}
    objects = stack.store.client.list_objects(bucket_name=stack.store.bucket, prefix="osm/", recursive=True)
    return Data(
        releases=[(release["id"], release["live"]) for release in answer.json()["releases"]],
        zones=Counter(stack.database.rows("SELECT country_code, zone_type FROM public.zones")),
        cities={osm_id: zone for osm_id, zone in cities.items() if zone},
        extracts={
            entry.object_name: str(entry.last_modified) for entry in objects if entry.object_name.endswith("pbf")
        },
    )


@pytest.fixture(scope="module")
def deployed(stack: Stack, seen: list[str]) -> Deployed:
    city, name = CITIES[LIECHTENSTEIN]
    with checkout(BEFORE) as earlier:
        stack.playbook("site.yml", checkout=earlier).succeeded(limit=BUILDS)
        first = stack.site.release()
        changed = stack.change(LIECHTENSTEIN)
        stack.downloads.fault(LIECHTENSTEIN, "stall", after=1000, times=0)
        update = stack.playbook("playbooks/update.yml", checkout=earlier)
        wait_for(lambda: stack.downloads.seen(LIECHTENSTEIN)["stalled"], "a fetch in the middle", limit=120)
        early = stack.playbook("site.yml").finish(limit=BUILDS)
        stack.downloads.all_right()
        update.succeeded()
        second = stack.site.release()
    data = data_of(stack)
    assert data.releases == [(second, True), (first, False)]
    assert len(data.cities) == len(CITIES)
    seen.append(f"before: commit {BEFORE}, releases {first} and {second} (live), {data.zones.total()} zones")
    return Deployed(first, second, city, (name, changed.name), data, early, update.workflow)


@pytest.fixture(scope="module")
def upgrade(stack: Stack, deployed: Deployed) -> Watch:
    """What was served while site.yml of this checkout ran to a good end."""
    with Watch(stack.site, interval=0.1) as watch:
        stack.playbook("site.yml").succeeded(limit=BUILDS)
    return watch


def test_running_update_is_let_finish(deployed: Deployed) -> None:
    """Its steps would not find their settings any more; so nothing is upgraded before its end."""
    assert deployed.early.process.returncode != 0
    assert f"{deployed.early_run} began with an earlier version of the stack" in deployed.early.text
    assert "read keys of ConfigMap cosmogony-settings" in deployed.early.text


def test_served_all_the_time(upgrade: Watch, deployed: Deployed, seen: list[str]) -> None:
    troubles = upgrade.troubles()
    seen.append(f"upgrade: page, API and two tiles asked {len(upgrade.looks)} times, {len(troubles)} times in vain")
    assert len(upgrade.looks) > 50
    assert not troubles, troubles[:5]
    assert upgrade.releases() == [deployed.second]


@pytest.mark.usefixtures("upgrade")
def test_data_are_those_of_before(stack: Stack, deployed: Deployed) -> None:
    now, before = data_of(stack), deployed.data
    assert now.releases == before.releases
    assert now.zones == before.zones
    assert now.extracts == before.extracts
    for osm_id, zone in before.cities.items():
        assert {key: now.cities[osm_id].get(key) for key in zone} == zone
    assert now.cities[deployed.city]["name"] == deployed.names[1]


@pytest.mark.usefixtures("upgrade")
def test_status_reads_earlier_documents(stack: Stack, deployed: Deployed) -> None:
    said = stack.playbook("playbooks/status.yml").succeeded().text
    assert f"live: {deployed.second}, published" in said
    assert "kept releases: 2" in said
    for release, state in ((deployed.first, "retired"), (deployed.second, "live")):
        assert re.search(rf"{release}: {state}, \d+ zones, gate passed", said), said
    assert re.search(rf"input {re.escape(LIECHTENSTEIN)}: data of 2013-08-03, [0-9.]+ [kM]B, 1\d zones", said), said
    assert re.search(rf"input {re.escape(LATEST)}: {re.escape(LUXEMBOURG)} of ", said), said
    for release in (deployed.first, deployed.second):
        assert re.search(rf"cosmogony-update-\S+: Succeeded, [^:]+:\d\d:\d\d UTC, \d+ s, published {release}", said), (
            said
        )


@pytest.mark.usefixtures("upgrade")
def test_schedule_is_kept(stack: Stack) -> None:
    found = stack.cluster.custom.list_namespaced_custom_object(*GROUP, stack.cluster.namespace, "cronworkflows")
    assert [(item["spec"]["schedules"], item["spec"]["suspend"]) for item in found["items"]] == [(["15 3 * * *"], True)]


@pytest.mark.usefixtures("upgrade")
def test_rollback_to_an_earlier_release(stack: Stack, deployed: Deployed) -> None:
    for release, name in zip((deployed.first, deployed.second), deployed.names, strict=True):
        extra = {"rollback_to": release, "rollback_reason": "test of the upgrade"}
        stack.playbook("playbooks/rollback.yml", **extra).succeeded()
        assert stack.site.release() == release
        zone = stack.site.zone(deployed.city)
        assert zone is not None
        assert zone["name"] == name


@pytest.mark.usefixtures("upgrade")
def test_update_fetches_nothing_again(stack: Stack, deployed: Deployed, seen: list[str]) -> None:
    """Other images may make one more release, from the stored extracts."""
    stack.downloads.forget_seen()
    said = stack.update().succeeded()
    outputs = stack.cluster.outputs(stack.cluster.argo.get_workflow(said.workflow))
    seen.append(f"update: {outputs['result']}, {outputs['message']}")
    if outputs["result"] == "published":
        assert re.search(
            r"to extract again|but the settings, images or list of sources are not those", outputs["message"]
        )
        assert outputs["message"].startswith(("2 of 2 sources", "2 sources unchanged"))
    else:
        assert outputs["result"] == "current"
    now = data_of(stack)
    assert now.extracts == deployed.data.extracts
    assert stack.downloads.seen(LIECHTENSTEIN)["bytes"] == stack.downloads.seen(LUXEMBOURG)["bytes"] == 0
    assert now.zones.keys() == deployed.data.zones.keys()
    assert now.cities[deployed.city]["name"] == deployed.names[1]
    assert {(deployed.first, False)} <= set(now.releases), "it is kept"
    assert stack.next_run() == "current"


@pytest.mark.usefixtures("upgrade")
def test_second_run_changes_nothing(stack: Stack) -> None:
    said = stack.playbook("site.yml").succeeded()
    assert re.search(r"localhost\s*: ok=\d+\s+changed=0 ", said.output), said.output[-3000:]
