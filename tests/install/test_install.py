# SPDX-License-Identifier: Apache-2.0
"""docs/install.md to the letter, then every playbook, by an account that has the documented Role and nothing else.

The tests continue each other: the first ones are the sections of the page, the last one removes the stack.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from checkout import CHECKOUT

from .support import administrator
from .support.administrator import ARGO, FIRST
from .support.site import Site, get

pytestmark = pytest.mark.long

#: Every playbook that speaks to the cluster, with variables that make it do something.
RUNS = {
    "site.yml": {},
    "playbooks/update.yml": {"update_reason": "every playbook once"},
    "playbooks/stop_update.yml": {},
    "playbooks/verify.yml": {},
    "playbooks/rollback.yml": {"rollback_reason": "every playbook once"},
    "playbooks/backup.yml": {},
    "playbooks/restore.yml": {},
    "playbooks/status.yml": {},
    "playbooks/tile_cache.yml": {"tile_cache_action": "status"},
    "playbooks/uninstall.yml": {},
}
#: Tasks that stand for others in check mode.
STAND_INS = {
    "Show which images are built and why": "(Build|Push) .+",
    "Show what would be restored": "Restore what is missing or was changed: .+",
}


def without_stand_ins(changed: set[str]) -> set[str]:
    """Return names of tasks, those that only one of both modes runs under the name in check mode."""
    found = set()
    for task in changed:
        names = [name for name, pattern in STAND_INS.items() if re.fullmatch(pattern, task)]
        found.add(names[0] if names else task)
    return found


def test_every_playbook_is_run() -> None:
    files = {f"playbooks/{path.name}" for path in (CHECKOUT / "playbooks").glob("*.yml")} - {"playbooks/site.yml"}
    others = {"playbooks/awx.yml", "playbooks/migrate_from_seed.yml"}  # they do not speak to the cluster
    assert files - others == set(RUNS) - {"site.yml"}


def test_account(site: Site, began: float) -> None:
    for block in range(3):
        site.follow("Namespace and account", block, as_administrator=True)
    assert site.account.stat().st_mode & 0o077 == 0
    assert "client-certificate" not in site.account.read_text()
    whoami = administrator.kubectl_as(site.account, "auth", "whoami", "--output=jsonpath={.status.userInfo.username}")
    assert whoami == f"system:serviceaccount:{FIRST}:cosmogony-deployer"
    site.log_text(administrator.kubectl_as(site.account, "auth", "can-i", "--list", f"--namespace={FIRST}"))
    for question in (["*", "*", "--all-namespaces"], ["create", "namespaces"], ["create", "pods"], ["get", "nodes"]):
        assert administrator.kubectl_as(site.account, "auth", "can-i", *question, check=False).strip() == "no", question


def test_argo(site: Site) -> None:
    administrator.start_controller(ARGO, FIRST, FIRST)
    site.follow("Argo Workflows", 1, as_administrator=True)


def test_database_and_bucket(site: Site) -> None:
    site.make_database()
    site.make_bucket()


def test_secrets(site: Site) -> None:
    site.follow("Secrets", 0)
    site.follow("Secrets", 1)


def test_inventory(site: Site) -> None:
    site.copy_inventory()
    for file, names in site.guide.list_settings().items():
        text = (site.inventory / "group_vars/all" / file).read_text()
        for name in names:
            assert name in text, f"{file} does not have {name}, which docs/install.md wants changed"
    site.write_inventory()


def test_preflight(site: Site) -> None:
    said = site.playbook("site.yml", "--tags", "preflight").succeeded()
    assert f"as system:serviceaccount:{FIRST}:cosmogony-deployer, namespace {FIRST}" in said.text
    assert not said.changed


def test_first_map_within_the_hour(site: Site, began: float) -> None:
    predicted = site.check("site.yml")
    done = site.playbook("site.yml").succeeded()
    assert without_stand_ins(predicted.changed) == without_stand_ins(done.changed)
    assert "is not reachable from here, so the Service was asked" in done.text
    with site.open_site() as url:
        (tile,) = json.loads(get(f"{url}/tiles/cosmogony.json"))["tiles"]
        address = f"{url}/{tile.partition('//')[2].partition('/')[2]}" if "//" in tile else f"{url}{tile}"
        assert get(address.replace("{z}", "8").replace("{x}", "134").replace("{y}", "89"))
    minutes = (time.monotonic() - began) / 60
    site.log_text(f"first map after {minutes:.0f} minutes\n")
    assert minutes < 60


def test_update(site: Site) -> None:
    before = site.list_releases()
    site.playbook("playbooks/update.yml", update_dry_run=True).succeeded()
    assert site.list_releases() == before
    assert not site.playbook("playbooks/update.yml").succeeded().changed, "nothing is new"
    predicted = site.check("playbooks/update.yml", **RUNS["playbooks/update.yml"])
    done = site.playbook("playbooks/update.yml", **RUNS["playbooks/update.yml"]).succeeded()
    assert predicted.changed == done.changed == {"Update the data"}
    assert len(site.list_releases()) == len(before) + 1


def test_stop_update(site: Site) -> None:
    done = site.playbook("playbooks/stop_update.yml").succeeded()
    assert "No update is running" in done.text


def test_rollback(site: Site) -> None:
    live = site.list_releases()[0]
    predicted = site.check("playbooks/rollback.yml")
    done = site.playbook("playbooks/rollback.yml").succeeded()
    assert predicted.changed == done.changed
    assert site.list_releases()[0] != live


@pytest.mark.parametrize("action", ["status", "warm", "clean"])
def test_tile_cache(site: Site, action: str) -> None:
    site.check("playbooks/tile_cache.yml", tile_cache_action=action)
    done = site.playbook("playbooks/tile_cache.yml", tile_cache_action=action).succeeded()
    assert site.list_releases()[0] in done.text


def test_status_and_verify(site: Site) -> None:
    assert f"live: {site.list_releases()[0]}" in site.playbook("playbooks/status.yml").succeeded().text
    site.playbook("playbooks/verify.yml").succeeded()


@pytest.mark.parametrize("playbook", RUNS)
def test_check_mode_on_an_empty_namespace(second: Site, playbook: str) -> None:
    second.check(playbook, **RUNS[playbook])


def test_backup_on_one_and_restore_on_the_other(site: Site, second: Site) -> None:
    predicted = site.check("playbooks/backup.yml")
    assert predicted.changed == site.playbook("playbooks/backup.yml").succeeded().changed
    secret = f"--from-literal=accesskey={FIRST}-key", f"--from-literal=secretkey={site.secret_key}"
    administrator.kubectl("create", "secret", "generic", "backups", f"--namespace={second.name}", *secret)
    second.playbook("site.yml").succeeded()
    predicted = second.check("playbooks/restore.yml")
    done = second.playbook("playbooks/restore.yml").succeeded()
    assert predicted.changed == done.changed
    assert second.digest_release() == site.digest_release()
    with site.open_site() as one, second.open_site() as other:
        live = site.list_releases()[0]
        for path in (f"/tiles/cosmogony/10/539/359.pbf?v={live}", "/data/test_results.json", "/api/v1/search?q=Vaduz"):
            assert get(one + path) == get(other + path), path


def test_installing_again_changes_nothing(site: Site) -> None:
    before = site.read_state()
    done = site.playbook("site.yml").succeeded()
    assert not done.changed
    assert site.read_state() == before


@pytest.mark.parametrize("playbook", RUNS)
def test_check_mode_of_a_deployed_site(site: Site, playbook: str) -> None:
    said = site.check(playbook, **RUNS[playbook])
    if playbook == "site.yml":
        assert not said.changed


def test_a_change_is_predicted(site: Site) -> None:
    site.change("serving.yml", {"cosmogony_serving": {"requests_per_second": 40}})
    site.change("updates.yml", {"cosmogony_gate": {"max_loss_percent": 7}})
    site.change("options.yml", {"workflows_schedule": "17 3 * * *", "workflows_schedule_suspend": True})
    predicted = site.check("site.yml")
    assert re.search(r"^\+.*max_loss_percent.*7", predicted.output, re.MULTILINE)
    done = site.playbook("site.yml").succeeded()
    assert predicted.changed == done.changed
    assert len(done.changed) >= 3
    assert not site.playbook("site.yml").succeeded().changed


def test_a_removed_object_is_predicted(site: Site) -> None:
    administrator.kubectl("delete", "service/cosmogony-tiles", f"--namespace={FIRST}")
    predicted = site.check("site.yml")
    assert "Service/cosmogony-tiles" in predicted.text
    done = site.playbook("site.yml").succeeded()
    assert without_stand_ins(predicted.changed) == without_stand_ins(done.changed)


def test_quota_is_named_within_a_minute(site: Site) -> None:
    quota = {"requests.cpu": "8", "requests.memory": "16Gi", "limits.cpu": "16", "limits.memory": "48Gi"}
    administrator.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "compute", "namespace": FIRST},
            "spec": {"hard": quota},
        }
    )
    try:
        for playbook, before in (("site.yml", "TASK [cosmogony.stack.chart"), ("playbooks/update.yml", " submitted")):
            done = site.playbook(playbook, **RUNS["playbooks/update.yml"]).failed()
            assert "compute" in done.text and "limits.cpu" in done.text, done.output[-3000:]
            assert done.seconds_until("limits.cpu") - done.seconds_until(before) < 60
    finally:
        administrator.kubectl("delete", "resourcequota/compute", f"--namespace={FIRST}")
        site.playbook("playbooks/stop_update.yml").succeeded()


def test_uninstall(site: Site, tmp_path: Path) -> None:
    releases = site.list_releases()
    predicted = site.check("playbooks/uninstall.yml")
    done = site.playbook("playbooks/uninstall.yml").succeeded()
    assert predicted.changed == done.changed
    assert site.list_releases() == releases, "the data stay"
    left = {key for key in site.read_state() if not key.startswith(("table ", "bucket "))}
    given = {"Secret/cosmogony-postgres", "Secret/cosmogony-s3", "Secret/registry", "Role/cosmogony-deployer"}
    given |= {"RoleBinding/cosmogony-deployer", "ServiceAccount/cosmogony-deployer", "ServiceAccount/default"}
    given |= {"ConfigMap/kube-root-ca.crt", "Role/workflow-controller", "RoleBinding/workflow-controller"}
    assert left == given
