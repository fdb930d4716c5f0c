# SPDX-License-Identifier: Apache-2.0
"""Old images leave the local registry; what is in use, newest or another's stays and can still be pulled."""

from __future__ import annotations

import dataclasses
import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cluster_node import prune
from cluster_node.commands import wait_until
from cluster_node.images import MANIFEST_TYPE
from cluster_node.settings import NodeError, Settings

SUPERVISOR = Path(os.environ.get("COSMOGONY_STATE_DIR", "/var/lib/cosmogony-stack")) / "tools"


@dataclass
class Registry:
    """A real registry under a real supervisor, of this test alone."""

    settings: Settings
    pushed: int = 0

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "application/octet-stream") -> tuple[int, str]:
        connection = http.client.HTTPConnection(self.settings.registry, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": kind, "Accept": MANIFEST_TYPE})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader("Location", "")
        finally:
            connection.close()

    def blob(self, repository: str, content: bytes) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        status, location = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        assert status == 202
        path = location.partition(self.settings.registry)[2] or location
        assert self.ask("PUT", f"{path}{'&' if '?' in path else '?'}digest={digest}", content)[0] == 201
        return {"size": len(content), "digest": digest}

    def push(self, repository: str, tag: str, content: bytes) -> None:
        config = self.blob(repository, json.dumps({"tag": content.decode()[:20]}).encode())
        layer = self.blob(repository, content)
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": config | {"mediaType": "application/vnd.docker.container.image.v1+json"},
            "layers": [layer | {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip"}],
        }
        path = f"/v2/{repository}/manifests/{tag}"
        assert self.ask("PUT", path, json.dumps(manifest).encode(), MANIFEST_TYPE)[0] == 201
        self.pushed += 1  # pushed one after the other, also where the clock is coarse
        link = prune._find_repositories(self.settings) / repository / "_manifests/tags" / tag / "current/link"
        os.utime(link, (1_000_000 + self.pushed, 1_000_000 + self.pushed))

    def tags(self, repository: str) -> list[str]:
        return [tag.name for tag in prune.list_tags(prune._find_repositories(self.settings), repository)]

    def pulls(self, repository: str, tag: str) -> bool:
        return self.ask("GET", f"/v2/{repository}/manifests/{tag}")[0] == 200


@pytest.fixture
def registry(settings: Settings, tmp_path: Path) -> Iterator[Registry]:
    program, supervisord = shutil.which("docker-registry"), SUPERVISOR / "bin/supervisord"
    if program is None or not supervisord.exists():
        pytest.skip("docker-registry and supervisord are not on this machine; `make local` installs them")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    settings = dataclasses.replace(settings, registry=address)
    for folder in (settings.state / "etc", settings.state / "supervisor", settings.run):
        folder.mkdir(parents=True)
    (settings.state / "tools").symlink_to(SUPERVISOR)
    (settings.state / "etc/registry.yml").write_text(
        f"version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '{address}'}}\n"
        f"storage:\n  filesystem: {{rootdirectory: {settings.state}/registry}}\n  delete: {{enabled: true}}\n"
    )
    settings.supervisor_config.write_text(
        f"[unix_http_server]\nfile={settings.supervisor_socket}\n"
        "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
        f"[supervisorctl]\nserverurl=unix://{settings.supervisor_socket}\n"
        f"[supervisord]\nlogfile={tmp_path}/supervisord.log\npidfile={tmp_path}/supervisord.pid\nnodaemon=true\n"
        f"[program:registry]\ncommand={program} serve {settings.state}/etc/registry.yml\n"
        "autorestart=true\nstartsecs=1\n"
    )
    process = subprocess.Popen([str(supervisord), "-c", str(settings.supervisor_config)], stdout=subprocess.DEVNULL)
    own = Registry(settings)

    def answers() -> bool:
        try:
            return own.ask("GET", "/v2/")[0] == 200
        except OSError:
            return False

    assert wait_until(answers, 20)
    own.blob("cosmogony/api", b"the first makes the folder")
    yield own
    process.terminate()
    process.wait(30)


def test_old_tags_go_and_their_space(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    base = b"shared by all of them " * 1000
    for number in range(5):
        registry.push("cosmogony/api", f"t{number}", f"layer {number} ".encode() * 5000)
        registry.push("cosmogony/web", f"t{number}", base)  # one content, five tags
        registry.push("cosmogony/coredns", f"t{number}", f"other {number} ".encode() * 5000)
    used = {f"{registry.settings.registry}/cosmogony/api:t1", "elsewhere.example.org/cosmogony/api:t0"}
    monkeypatch.setattr(prune, "find_referenced_images", lambda settings: used)
    images = ["cosmogony/api", "cosmogony/web", "cosmogony/importer"]

    dry = prune.prune_images(registry.settings, images, 2, True)
    assert [name.rpartition("/")[2] for name in dry["removed"]] == ["api:t0", "api:t2"]
    assert registry.tags("cosmogony/api") == ["t0", "t1", "t2", "t3", "t4"]

    done = prune.prune_images(registry.settings, images, 2, False)
    assert done["removed"] == dry["removed"] and done["changed"]
    assert done["freed"] > 2 * 5000 * len("layer 0 ") * 0.9
    assert registry.tags("cosmogony/api") == ["t1", "t3", "t4"]
    assert registry.tags("cosmogony/web") == registry.tags("cosmogony/coredns") == ["t0", "t1", "t2", "t3", "t4"]
    assert all(registry.pulls("cosmogony/api", tag) for tag in ("t1", "t3", "t4"))
    assert all(registry.pulls("cosmogony/coredns", tag) for tag in ("t0", "t4"))
    assert not registry.pulls("cosmogony/api", "t0")
    registry.push("cosmogony/api", "t0", b"layer 0 " * 5000)  # can be pushed again, every layer of it
    assert registry.pulls("cosmogony/api", "t0")

    monkeypatch.setattr(
        prune, "collect_registry_garbage", lambda settings: pytest.fail("the registry was stopped for nothing")
    )
    registry.ask("DELETE", "/v2/cosmogony/api/manifests/t0")
    assert prune.prune_images(registry.settings, images, 3, False)["changed"] is False


@pytest.mark.parametrize("address", ["registry.example.org:443", "10.0.0.1:5000", "127.0.0.1.example.org:80"])
def test_the_registry_of_a_site_is_never_touched(settings: Settings, address: str) -> None:
    with pytest.raises(NodeError, match="not the registry of this cluster"):
        prune.prune_images(dataclasses.replace(settings, registry=address), ["cosmogony/api"], 2, False)


def test_a_registry_that_does_not_run_is_said(settings: Settings) -> None:
    with pytest.raises(NodeError, match="start the cluster first"):
        prune.prune_images(settings, ["cosmogony/api"], 2, False)


def test_at_least_one_tag_stays(settings: Settings) -> None:
    with pytest.raises(NodeError, match="1 or more"):
        prune.prune_images(settings, ["cosmogony/api"], 0, False)


@pytest.mark.parametrize(
    ("kind", "status", "spec", "over"),
    [
        ("Workflow", {"phase": "Succeeded"}, {}, True),
        ("Workflow", {"phase": "Running"}, {}, False),
        ("Workflow", {}, {}, False),
        ("Pod", {"phase": "Failed"}, {}, True),
        ("Pod", {"phase": "Running"}, {}, False),
        ("ReplicaSet", {"replicas": 0}, {"replicas": 0}, True),
        ("ReplicaSet", {"replicas": 1}, {"replicas": 0}, False),
        ("Deployment", {}, {"replicas": 0}, False),
        ("ConfigMap", None, None, False),
    ],
)
def test_what_has_ended_needs_no_image(kind: str, status: dict | None, spec: dict | None, over: bool) -> None:
    item = {"kind": kind} | ({"status": status} if status is not None else {}) | ({"spec": spec} if spec else {})
    assert prune.no_longer_needs_image(item) is over
