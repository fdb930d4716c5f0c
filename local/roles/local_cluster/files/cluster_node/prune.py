# SPDX-License-Identifier: Apache-2.0
"""Removes old images of the stack from the local registry: their tags, then their layers.

Only the registry of this cluster is touched, by its own folder; the registry of a site never is.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster_node.commands import run_command, wait_until
from cluster_node.images import get_registry_status
from cluster_node.settings import NodeError, Settings
from cluster_node.supervisor import find_supervisor, run_supervisorctl

# Kinds of Kubernetes objects that can name an image which is still needed; ConfigMaps have the workflows' settings.
KINDS = "pods,deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs,configmaps,workflows,cronworkflows"
COLLECT_SECONDS = 900


@dataclass(frozen=True)
class ImageTag:
    repository: str
    name: str
    digest: str
    pushed: float

    def reference(self, registry: str) -> str:
        return f"{registry}/{self.repository}:{self.name}"


def prune_images(settings: Settings, images: list[str], keep: int, dry_run: bool) -> dict[str, Any]:
    """Remove unused tags from the registry, except the newest `keep` of each image; return tags and bytes freed."""
    if keep < 1:
        raise NodeError(f"{keep} tags cannot be kept: 1 or more")
    folder = _find_repositories(settings)
    used = find_referenced_images(settings)
    tags = [tag for image in images for tag in list_tags(folder, image)]
    old = _select_old_tags(tags, used, settings.registry, keep)
    before = _size(folder)
    for tag in old:
        print(f"{'would remove' if dry_run else 'removing'} {tag.reference(settings.registry)}", flush=True)
    answer = {"changed": bool(old), "removed": [tag.reference(settings.registry) for tag in old]}
    if dry_run or not old:
        return answer | {"freed": 0, "size": before}
    for digest, repository in sorted({(tag.digest, tag.repository) for tag in old}):
        status = get_registry_status(settings.registry, "DELETE", f"/v2/{repository}/manifests/{digest}")
        if status not in (202, 404):
            raise NodeError(f"the registry does not delete {repository}@{digest}: HTTP {status or 'no answer'}")
    _check_tags(folder, old)
    _remove_from_docker(settings, old)
    collect_registry_garbage(settings)
    after = _size(folder)
    return answer | {"freed": before - after, "size": after}


def _find_repositories(settings: Settings) -> Path:
    """Return the folder in which the local registry has its repositories.

    Raises:
        NodeError: the registry is not that of this cluster, or does not answer.
    """
    folder = settings.state / "registry" / "docker" / "registry" / "v2" / "repositories"
    host = settings.registry.rpartition(":")[0]
    if not re.fullmatch(r"localhost|127(\.\d{1,3}){3}|\[::1\]", host):
        raise NodeError(f"{settings.registry} is not the registry of this cluster: its images are not ours to remove")
    if not find_supervisor(settings) or get_registry_status(settings.registry, "GET", "/v2/") != 200:
        raise NodeError(f"the registry {settings.registry} does not answer: start the cluster first (make local)")
    if not folder.is_dir():
        raise NodeError(f"{folder} is not there, so that {settings.registry} is not the registry of this cluster")
    return folder


def list_tags(folder: Path, image: str) -> list[ImageTag]:
    """Return the tags of an image in the registry's folder, each with digest and time of its last push."""
    found = []
    for link in sorted((folder / image / "_manifests" / "tags").glob("*/current/link")):
        name = link.parent.parent.name
        found.append(ImageTag(image, name, link.read_text(encoding="ascii").strip(), link.stat().st_mtime))
    return found


def _select_old_tags(tags: list[ImageTag], used: set[str], registry: str, keep: int) -> list[ImageTag]:
    """Return the tags to remove: not in use, not among the newest `keep`, and of no digest that is either."""
    kept: set[ImageTag] = set()
    for repository in {tag.repository for tag in tags}:
        own = sorted((tag for tag in tags if tag.repository == repository), key=lambda tag: -tag.pushed)
        kept |= set(own[:keep])
        kept |= {tag for tag in own if {tag.reference(registry), f"{registry}/{repository}@{tag.digest}"} & used}
    shared = {(tag.repository, tag.digest) for tag in kept}
    return [tag for tag in tags if (tag.repository, tag.digest) not in shared]


def find_referenced_images(settings: Settings) -> set[str]:
    """Return references of the registry's images that objects of the cluster name, ended workflows and pods aside."""
    kubectl = [str(settings.state / "bin" / "kubectl"), f"--kubeconfig={settings.state / 'kubeconfig'}"]
    answer = run_command(
        [*kubectl, "get", KINDS, "--all-namespaces", "--output=json", "--request-timeout=60s"], timeout=120
    )
    pattern = re.compile(rf"{re.escape(settings.registry)}/[\w./-]+(?::[\w.-]+|@sha256:[0-9a-f]{{64}})")
    objects = json.loads(answer.stdout)["items"]
    if not objects:
        raise NodeError("the cluster lists no objects, so the images that it needs are unknown")
    return {match for item in objects if not no_longer_needs_image(item) for match in pattern.findall(json.dumps(item))}


def no_longer_needs_image(item: dict[str, Any]) -> bool:
    """Return whether an object no longer needs its image: an ended workflow or pod, or a ReplicaSet without pods."""
    phase = (item.get("status") or {}).get("phase")
    if item["kind"] == "Workflow":
        return phase in ("Succeeded", "Failed", "Error")
    if item["kind"] == "Pod":
        return phase in ("Succeeded", "Failed")
    return item["kind"] == "ReplicaSet" and not item["spec"].get("replicas") and not item["status"].get("replicas")


def _check_tags(folder: Path, old: list[ImageTag]) -> None:
    """Check that the removed tags are gone from the registry; raise NodeError otherwise."""
    for tag in old:
        if (folder / tag.repository / "_manifests" / "tags" / tag.name / "current" / "link").exists():
            raise NodeError(f"the registry still has {tag.repository}:{tag.name} after its deletion")


def _remove_from_docker(settings: Settings, old: list[ImageTag]) -> None:
    """Remove the tags from the Docker engine that built them, except those that containers use."""
    import docker

    with contextlib.suppress(docker.errors.DockerException, OSError):
        client = docker.APIClient(base_url=f"unix://{settings.docker_socket}", timeout=120)
        for tag in old:
            with contextlib.suppress(docker.errors.APIError):
                client.remove_image(tag.reference(settings.registry))


def collect_registry_garbage(settings: Settings) -> None:
    """Delete layers that no tag needs. The registry is stopped meanwhile, or layers of a running push would go too."""
    print("freeing the disk; the registry is stopped for a moment", flush=True)
    stopped = run_supervisorctl(settings, "stop", "registry")
    try:
        if get_registry_status(settings.registry, "GET", "/v2/") != 0:
            raise NodeError(f"the registry did not stop: {(stopped.stdout + stopped.stderr).strip()[-500:]}")
        config = settings.state / "etc" / "registry.yml"
        run_command(["/usr/bin/docker-registry", "garbage-collect", str(config)], timeout=COLLECT_SECONDS)
    finally:
        run_supervisorctl(settings, "start", "registry")
    if not wait_until(lambda: get_registry_status(settings.registry, "GET", "/v2/") == 200, 60, 0.2):
        raise NodeError(f"the registry does not answer again: see {settings.state}/log/registry.log")


def _size(folder: Path) -> int:
    """Return how many bytes the registry stores."""
    done = run_command(["du", "-sb", str(folder.parent)], timeout=300)
    return int(done.stdout.split()[0])
