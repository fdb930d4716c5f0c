# SPDX-License-Identifier: Apache-2.0
"""An earlier commit is deployed and makes two releases; this checkout upgrades it. The tests are in order."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from faultkit.bench import CITIES, LIECHTENSTEIN, LUXEMBOURG, Bench
from faultkit.checkouts import checkout
from faultkit.cluster import GROUP
from faultkit.updates import Playbook
from faultkit.waiting import wait_for
from faultkit.watch import Watch

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


def data_of(bench: Bench) -> Data:
    answer = bench.site.get("/api/releases")
    assert answer.status == 200, answer
    cities = {osm_id: bench.site.zone(osm_id) for osm_id, _ in CITIES.values()}
    objects = bench.store.client.list_objects(bucket_name=bench.store.bucket, prefix="osm/", recursive=True)
    return Data(
        releases=[(release["id"], release["live"]) for release in answer.json()["releases"]],
        zones=Counter(bench.database.rows("SELECT country_code, zone_type FROM public.zones")),
        cities={osm_id: zone for osm_id, zone in cities.items() if zone},
        extracts={
            entry.object_name: str(entry.last_modified) for entry in objects if entry.object_name.endswith("pbf")
        },
    )


@pytest.fixture(scope="module")
def deployed(bench: Bench, seen: list[str]) -> Deployed:
    city, name = CITIES[LIECHTENSTEIN]
    with checkout(BEFORE) as earlier:
        bench.playbook("site.yml", checkout=earlier).succeeded(limit=BUILDS)
        first = bench.site.release()
        changed = bench.change(LIECHTENSTEIN)
        bench.downloads.fault(LIECHTENSTEIN, "stall", after=1000, times=0)
        update = bench.playbook("playbooks/update.yml", checkout=earlier)
        wait_for(lambda: bench.downloads.seen(LIECHTENSTEIN)["stalled"], "a fetch in the middle", limit=120)
        early = bench.playbook("site.yml").finish(limit=BUILDS)
        bench.downloads.all_right()
        update.succeeded()
        second = bench.site.release()
    data = data_of(bench)
    assert data.releases == [(second, True), (first, False)]
    assert len(data.cities) == len(CITIES)
    seen.append(f"before: commit {BEFORE}, releases {first} and {second} (live), {data.zones.total()} zones")
    return Deployed(first, second, city, (name, changed.name), data, early, update.workflow)


@pytest.fixture(scope="module")
def upgrade(bench: Bench, deployed: Deployed) -> Watch:
    """What was served while site.yml of this checkout ran to a good end."""
    with Watch(bench.site, interval=0.1) as watch:
        bench.playbook("site.yml").succeeded(limit=BUILDS)
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
def test_data_are_those_of_before(bench: Bench, deployed: Deployed) -> None:
    now, before = data_of(bench), deployed.data
    assert now.releases == before.releases
    assert now.zones == before.zones
    assert now.extracts == before.extracts
    for osm_id, zone in before.cities.items():
        assert {key: now.cities[osm_id].get(key) for key in zone} == zone
    assert now.cities[deployed.city]["name"] == deployed.names[1]


@pytest.mark.usefixtures("upgrade")
def test_status_reads_earlier_documents(bench: Bench, deployed: Deployed) -> None:
    said = bench.playbook("playbooks/status.yml").succeeded().text
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
def test_schedule_is_kept(bench: Bench) -> None:
    found = bench.cluster.custom.list_namespaced_custom_object(*GROUP, bench.cluster.namespace, "cronworkflows")
    assert [(item["spec"]["schedules"], item["spec"]["suspend"]) for item in found["items"]] == [(["15 3 * * *"], True)]


@pytest.mark.usefixtures("upgrade")
def test_rollback_to_an_earlier_release(bench: Bench, deployed: Deployed) -> None:
    for release, name in zip((deployed.first, deployed.second), deployed.names, strict=True):
        extra = {"rollback_to": release, "rollback_reason": "test of the upgrade"}
        bench.playbook("playbooks/rollback.yml", **extra).succeeded()
        assert bench.site.release() == release
        zone = bench.site.zone(deployed.city)
        assert zone is not None
        assert zone["name"] == name


@pytest.mark.usefixtures("upgrade")
def test_update_fetches_nothing_again(bench: Bench, deployed: Deployed, seen: list[str]) -> None:
    """Other images may make one more release, from the stored extracts."""
    bench.downloads.forget_seen()
    said = bench.update().succeeded()
    outputs = bench.cluster.outputs(bench.cluster.argo.workflow(said.workflow))
    seen.append(f"update: {outputs['result']}, {outputs['message']}")
    if outputs["result"] == "published":
        assert re.search(
            r"to extract again|but the settings, images or list of sources are not those", outputs["message"]
        )
        assert outputs["message"].startswith(("2 of 2 sources", "2 sources unchanged"))
    else:
        assert outputs["result"] == "current"
    now = data_of(bench)
    assert now.extracts == deployed.data.extracts
    assert bench.downloads.seen(LIECHTENSTEIN)["bytes"] == bench.downloads.seen(LUXEMBOURG)["bytes"] == 0
    assert now.zones.keys() == deployed.data.zones.keys()
    assert now.cities[deployed.city]["name"] == deployed.names[1]
    assert {(deployed.first, False)} <= set(now.releases), "it is kept"
    assert bench.next_run() == "current"


@pytest.mark.usefixtures("upgrade")
def test_second_run_changes_nothing(bench: Bench) -> None:
    said = bench.playbook("site.yml").succeeded()
    assert re.search(r"localhost\s*: ok=\d+\s+changed=0 ", said.output), said.output[-3000:]
