# SPDX-License-Identifier: Apache-2.0
"""Says what to do once `make local` is through: print_next_steps.py STATE_DIRECTORY."""

from __future__ import annotations

import json
import shlex
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def describe_site(cluster: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return how the map is reached: from this machine, and where that is known from another one."""
    if not cluster["site"]:
        options = {"--kubeconfig": cluster["kubeconfig"], "--context": cluster["context"], "--namespace": "cosmogony"}
        given = [part for name, value in options.items() if value for part in (name, value)]
        command = shlex.join([cluster["kubectl"], *given, "port-forward", "service/cosmogony-web", "8080:80"])
        return [("The map", f"{command}    then http://127.0.0.1:8080/")]
    site = ("The map", f"{cluster['site']}/")
    if cluster["provider"] != "native":
        return [site]
    port = urlsplit(cluster["site"]).port
    forward = f"ssh -L {port}:127.0.0.1:{port} root@{socket.gethostname()}"
    return [site, ("from your desk", f"{forward}    then http://127.0.0.1:{port}/")]


def describe_tools(cluster: Mapping[str, Any], state: Path) -> list[tuple[str, str]]:
    """Return how kubectl, helm and argo are called."""
    kubeconfig, folder = shlex.quote(cluster["kubeconfig"]), shlex.quote(str(state / "bin"))
    return [("kubectl, helm, argo", f"export KUBECONFIG={kubeconfig} PATH=$PATH:{folder}")]


def main(state: Path) -> None:
    """Print the next steps; nothing where no cluster is recorded, as in check mode."""
    record = state / "local_cluster.json"
    if not record.is_file():
        return
    cluster = json.loads(record.read_text(encoding="utf-8"))
    print()
    for name, text in describe_site(cluster) + describe_tools(cluster, state):
        print(f"{name:<19} {text}")
    commands = ["make status", *(["make logs"] if cluster["provider"] == "native" else []), "make down"]
    print(f"\nNext: {', '.join(commands)}; a small map: make local SAMPLE=liechtenstein")
    print("Your own extract: make local SOURCE=https://… COUNTRY=xx")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
