#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Module: reports sizes and hit rates of the tile caches of nginx."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tile_cache_info
short_description: Report sizes and hit rates of the tile caches of nginx
version_added: 0.1.0
author:
  - The cosmogony.stack contributors (!UNKNOWN)
description:
  - Reports for each pod of the site how many tiles were asked for, how many of them nginx answered from its disk cache,
    and how big the cache is.
  - nginx has no counter of hits, so they are counted in the last lines of its access log, which is read through the
    Kubernetes API server. Only tiles whose URL names a release count; nginx does not cache others on disk. A site
    without an access log has no counts.
  - Needs the rights to list C(pods) and to get C(pods/log) in O(namespace).
  - The size is what the kubelet measures. It needs the right to get C(nodes/proxy), which is a right of the whole
    cluster, and is null without it.
options:
  namespace:
    description: Namespace of the stack.
    type: str
    default: cosmogony
  log_lines:
    description:
      - How many of the last log lines of each pod are read.
      - Lines of other requests are among them and do not count, so RV(requests) is smaller.
    type: int
    default: 20000
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - cosmogony.stack.attributes
  - cosmogony.stack.attributes.info_module
  - cosmogony.stack.attributes.action_group
requirements:
  - kubernetes >= 24.2.0 (Python)
  - kubernetes.core >= 6.2.0 (collection)
seealso:
  - module: cosmogony.stack.release_info
"""

EXAMPLES = r"""
- name: Ask for the tile caches
  cosmogony.stack.tile_cache_info:
    kubeconfig: /etc/cosmogony/kubeconfig
    namespace: cosmogony
  register: cache

- name: Show the hit rate
  ansible.builtin.debug:
    msg: >-
      {{ cache.hits }} of {{ cache.requests }} tiles came from the disk cache
      {{ '' if cache.hit_rate is none else '(' ~ cache.hit_rate ~ ' %)' }}
"""

RETURN = r"""
requests:
  description: Tiles that were asked for, of all pods.
  returned: success
  type: int
  sample: 1200
hits:
  description: Tiles that came from the disk cache, of all pods.
  returned: success
  type: int
  sample: 1130
hit_rate:
  description: Percentage of hits, with one decimal; null without requests.
  returned: success
  type: float
  sample: 94.2
bytes:
  description: Bytes of the caches of all pods; null if one of them is not known.
  returned: success
  type: int
  sample: 734003200
pods:
  description: The running pods of the site.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
      sample: cosmogony-web-7c4fc4bd49-xqtp7
    requests:
      description: Tiles that were asked for.
      type: int
      returned: always
      sample: 1200
    hits:
      description: Tiles that came from its disk cache.
      type: int
      returned: always
      sample: 1130
    since:
      description: Time of the first request that was counted; empty without requests.
      type: str
      returned: always
      sample: "2026-11-26T19:06:33+00:00"
    bytes:
      description: Bytes on the volume of its cache; null if the kubelet may not be asked.
      type: int
      returned: always
      sample: 734003200
    limit:
      description: Limit of its cache as nginx has it; empty if the pod does not name it.
      type: str
      returned: always
      sample: 1g
notes:
  description: What could not be read, and why.
  returned: success
  type: list
  elements: str
  sample: ["size of the caches on node worker-1: HTTP 403 nodes is forbidden"]
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._kubernetes_api import ApiError, call_api, connect, make_argument_spec

PODS = "app.kubernetes.io/part-of=cosmogony,app.kubernetes.io/component=web"
CONTAINER = "web"
CACHE_FOLDER = "/var/cache/nginx"
TILE_OF_RELEASE = re.compile(r"/tiles/cosmogony/\d+/\d+/\d+\.pbf\?(?:.*&)?v=")
# Values of nginx's $upstream_cache_status that count as a hit of the cache, and as a miss.
HITS = frozenset({"HIT", "STALE", "UPDATING", "REVALIDATED"})
MISSES = frozenset({"MISS", "EXPIRED", "BYPASS"})


ARGUMENT_SPEC: dict[str, Any] = make_argument_spec(
    namespace={"type": "str", "default": "cosmogony"},
    log_lines={"type": "int", "default": 20000},
)


def count_hits(lines: Iterable[str]) -> dict[str, Any]:
    """Count requests and cache hits of tiles in nginx's access log (JSON lines); ``since``: time of the first."""
    requests = hits = 0
    since = ""
    for line in lines:
        if not line.startswith("{"):
            continue
        try:
            entry = json.loads(line)
        except ValueError:  # the first line of a log's tail may be incomplete
            continue
        if not TILE_OF_RELEASE.match(entry.get("uri", "")) or entry.get("cache") not in HITS | MISSES:
            continue
        requests += 1
        hits += entry["cache"] in HITS
        since = since or entry.get("time", "")
    return {"requests": requests, "hits": hits, "since": since}


def summarize_pods(pods: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the module's result: requests, hits, hit rate in percent and bytes over all web pods, and each pod."""
    requests = sum(pod["requests"] for pod in pods)
    hits = sum(pod["hits"] for pod in pods)
    sizes = [pod["bytes"] for pod in pods]
    return {
        "requests": requests,
        "hits": hits,
        "hit_rate": round(100 * hits / requests, 1) if requests else None,
        "bytes": None if None in sizes else sum(sizes),
        "pods": pods,
    }


class _TileCaches:
    """Reads sizes and hits of nginx's tile caches in the running web pods of a namespace."""

    def __init__(self, api: Any, namespace: str) -> None:
        from kubernetes import client

        self.notes: list[str] = []
        self._api = api
        self._core = client.CoreV1Api(api)
        self._namespace = namespace

    def describe_pods(self, log_lines: int) -> list[dict[str, Any]]:
        """Return for each running web pod the size and limit of its tile cache, and its requests and hits.

        Raises:
            ApiError: Pods cannot be listed, or a log cannot be read.
        """
        pods = call_api(
            f"pods of namespace {self._namespace}", self._core.list_namespaced_pod,
            self._namespace, label_selector=PODS, field_selector="status.phase=Running",
        ).items  # fmt: skip
        sizes = {node: self._measure_volumes(node) for node in {pod.spec.node_name for pod in pods}}
        return [self._describe_pod(pod, sizes[pod.spec.node_name], log_lines) for pod in pods]

    def _describe_pod(self, pod: Any, sizes: dict[tuple[str, str], int], log_lines: int) -> dict[str, Any]:
        name = pod.metadata.name
        log = call_api(
            f"log of pod {name}", self._core.read_namespaced_pod_log,
            name, self._namespace, container=CONTAINER, tail_lines=log_lines,
        )  # fmt: skip
        container = next(each for each in pod.spec.containers if each.name == CONTAINER)
        limits = [variable.value for variable in container.env or [] if variable.name == "TILE_CACHE_SIZE"]
        volumes = [mount.name for mount in container.volume_mounts or [] if mount.mount_path == CACHE_FOLDER]
        return {
            "name": name,
            **count_hits(log.splitlines()),
            "bytes": sizes.get((name, volumes[0])) if volumes else None,
            "limit": limits[0] if limits else "",
        }

    def _measure_volumes(self, node: str) -> dict[tuple[str, str], int]:
        """Return the bytes used by volumes, as the kubelet of a node measures them, by names of pod and volume."""
        try:
            summary = call_api(
                f"size of the caches on node {node}", self._api.call_api,
                "/api/v1/nodes/{node}/proxy/stats/summary", "GET", path_params={"node": node},
                response_type="object", auth_settings=["BearerToken"], _return_http_data_only=True,
            )  # fmt: skip
        except ApiError as error:
            self.notes.append(str(error))
            return {}
        return {
            (pod["podRef"]["name"], volume["name"]): volume["usedBytes"]
            for pod in summary.get("pods", [])
            if pod["podRef"]["namespace"] == self._namespace
            for volume in pod.get("volume", [])
            if "usedBytes" in volume
        }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    caches = _TileCaches(connect(module), module.params["namespace"])
    try:
        pods = caches.describe_pods(module.params["log_lines"])
    except ApiError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**summarize_pods(pods), notes=caches.notes)


if __name__ == "__main__":
    main()
