# SPDX-License-Identifier: Apache-2.0
"""Sets up and removes the node's link, routes, firewall table and kernel settings."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cluster_node.commands import run_command
from cluster_node.private_files import write_private_file
from cluster_node.settings import Settings

LINK = "k8s0"
TABLE = "cosmogony_stack"
PROC_SYS = Path("/proc/sys")
# Kernel settings below /proc/sys that the cluster changes, itself or through kubelet; `down` restores them.
SYSCTLS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/forwarding",
    "net/ipv4/conf/default/forwarding",
    "net/ipv4/conf/all/accept_redirects",
    "net/ipv4/conf/default/accept_redirects",
    "net/ipv4/conf/all/send_redirects",
    "net/ipv4/conf/all/route_localnet",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_tcp_be_liberal",
)
# Folders outside of the state directory that the cluster's programs make; their names cannot be changed.
OUTSIDE = ("/var/lib/kubelet", "/var/lib/cni", "/var/log/containers", "/var/log/pods", "/etc/docker", "/etc/cni")


def run_ip_command(*arguments: str) -> list[dict[str, Any]]:
    """Run `ip -json` with arguments; return the parsed output, an empty list when it fails."""
    found: list[dict[str, Any]] = json.loads(run_command(["ip", "-json", *arguments], check=False).stdout or "[]")
    return found


def _read_boot_id() -> str:
    """Return the kernel's id of the current boot, which changes with each boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _read_sysctls(names: Iterable[str]) -> dict[str, str]:
    """Return the values of those kernel settings, among the given names, that this kernel has."""
    values = {}
    for name in names:
        with contextlib.suppress(OSError):
            values[name] = (PROC_SYS / name).read_text(encoding="ascii").strip()
    return values


def read_machine_record(settings: Settings) -> dict[str, Any]:
    """Return the record of this machine before the cluster's first start; empty when there is none."""
    known: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(settings.machine_record_file.read_text(encoding="utf-8"))
    return known


def _record_machine(settings: Settings) -> None:
    """Record what this machine is like before the first start since the last boot or `down`."""
    known = read_machine_record(settings)
    if known.get("boot") == _read_boot_id():
        return
    absent = known.get("absent") or [path for path in OUTSIDE if not Path(path).exists()]
    links = [link["ifname"] for link in run_ip_command("link", "show")]
    interfaces = {f"net/ipv4/conf/{name}/{leaf}" for name in links for leaf in ("forwarding", "accept_redirects")}
    record = {
        "boot": _read_boot_id(),
        "absent": absent,
        "sysctls": _read_sysctls((*SYSCTLS, *sorted(interfaces))),
    }
    write_private_file(settings.machine_record_file, json.dumps(record, indent=2) + "\n")


def restore_sysctls(record: Mapping[str, Any]) -> list[str]:
    """Restore changed kernel settings, those first that change others with them; return their names."""
    changed = []
    for name, value in record.get("sysctls", {}).items():
        path = PROC_SYS / name
        with contextlib.suppress(OSError):
            if path.read_text(encoding="ascii").strip() != value:
                path.write_text(f"{value}\n", encoding="ascii")
                changed.append(name)
    return changed


def render_firewall(settings: Settings) -> str:
    """Return an nftables script: no packet to or from the cluster's three address ranges passes the uplink."""
    ranges = ", ".join(settings.address_ranges)
    return f"""table inet {TABLE} {{
  set ranges {{
    type ipv4_addr; flags interval; elements = {{ {ranges} }}
  }}
  chain input {{
    type filter hook input priority filter - 5; policy accept;
    iifname {{ "lo", "{LINK}" }} accept
    iifname "veth*" accept
    ip daddr @ranges ct state {{ established, related }} accept
    ip daddr @ranges drop
  }}
  chain forward {{
    type filter hook forward priority filter - 5; policy accept;
    iifname != "veth*" ip daddr @ranges ct state {{ new, invalid }} drop
    oifname "veth*" accept
    ip daddr @ranges reject with icmpx type admin-prohibited
  }}
  chain output {{
    type filter hook output priority filter + 5; policy accept;
    oifname "lo" accept
    oifname "veth*" accept
    ct status dnat accept
    ip daddr @ranges reject with icmpx type admin-prohibited
  }}
  chain leave {{
    type filter hook postrouting priority srcnat + 5; policy accept;
    oifname {{ "lo", "{LINK}" }} accept
    oifname "veth*" accept
    ip daddr @ranges drop
  }}
  chain outbound {{
    type nat hook postrouting priority srcnat - 5; policy accept;
    oifname {{ "lo", "{LINK}" }} accept
    oifname "veth*" accept
    ip saddr {settings.pod_cidr} ip daddr != @ranges masquerade
  }}
}}
"""


def _load_firewall(settings: Settings) -> bool:
    """Load the cluster's nftables table if it is missing or differs; return whether it was loaded."""
    wanted = render_firewall(settings)
    stamp = settings.run / "firewall.nft"
    loaded = run_command(["nft", "list", "table", "inet", TABLE], check=False).returncode == 0
    if loaded and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return False
    run_command(["nft", "-f", "-"], stdin=f"add table inet {TABLE}\ndelete table inet {TABLE}\n{wanted}")
    write_private_file(stamp, wanted)
    return True


def _set_up_node_link(settings: Settings) -> bool:
    """Make a dummy link (or bridge) with the node's address if it is missing; return whether it changed."""
    changed = False
    if run_command(["ip", "link", "show", LINK], check=False).returncode != 0:
        if run_command(["ip", "link", "add", LINK, "type", "dummy"], check=False).returncode != 0:
            run_command(["ip", "link", "add", LINK, "type", "bridge"])
        changed = True
    described = run_ip_command("-4", "addr", "show", "dev", LINK)
    addresses = {info["local"] for link in described for info in link.get("addr_info", ())}
    if settings.node_address not in addresses:
        run_command(["ip", "addr", "add", f"{settings.node_address}/32", "dev", LINK])
        changed = True
    if not any("UP" in link.get("flags", ()) for link in described):
        run_command(["ip", "link", "set", LINK, "up"])
        changed = True
    return changed


def _list_routes(settings: Settings) -> list[list[str]]:
    """Return the cluster's routes as arguments of `ip route`; other addresses of pods and nodes are unreachable."""
    return [
        [settings.service_cidr, "dev", LINK, "src", settings.node_address],
        ["unreachable", settings.pod_cidr],
        ["unreachable", settings.node_cidr],
    ]


def _set_up_routes(settings: Settings) -> bool:
    """Add the cluster's routes that are missing; return whether any was added."""
    changed = False
    known = run_ip_command("-4", "route", "show")
    for route in _list_routes(settings):
        destination = route[1] if route[0] == "unreachable" else route[0]
        kind = "unreachable" if route[0] == "unreachable" else None
        present = any(
            item.get("dst") == destination and (item.get("type") == kind or (not kind and item.get("dev") == LINK))
            for item in known
        )
        if not present:
            run_command(["ip", "route", "replace", *route])
            changed = True
    return changed


def set_up_network(settings: Settings) -> list[str]:
    """Set up the link, routes, firewall and kernel settings that kubelet needs; return the names of what changed."""
    _record_machine(settings)
    done = []
    if _load_firewall(settings):
        done.append("firewall")
    if _set_up_node_link(settings):
        done.append("link")
    if _set_up_routes(settings):
        done.append("routes")
    forward = PROC_SYS / "net/ipv4/ip_forward"
    if forward.read_text(encoding="ascii").strip() != "1":
        forward.write_text("1\n", encoding="ascii")
        done.append("ip_forward")
    return done


def _find_pod_links(settings: Settings) -> list[str]:
    """Return the names of the host's ends of the pods' links, which have the first address of the pod range."""
    gateway = settings.pod_cidr.split("/")[0].rpartition(".")[0] + ".1"
    described = run_ip_command("-4", "addr", "show")
    return [
        link["ifname"]
        for link in described
        if link.get("ifname", "").startswith("veth")
        and any(info.get("local") == gateway for info in link.get("addr_info", ()))
    ]


def remove_network(settings: Settings) -> list[str]:
    """Remove links, routes and firewall tables, restore kernel settings; return the names of what changed."""
    done = []
    for name in (*_find_pod_links(settings), LINK):
        if run_command(["ip", "link", "delete", name], check=False).returncode == 0:
            done.append(f"link {name}")
    for route in _list_routes(settings):
        if route[0] == "unreachable" and run_command(["ip", "route", "delete", *route], check=False).returncode == 0:
            done.append(f"route {route[1]}")
    tables = run_command(["nft", "list", "tables"], check=False).stdout.splitlines()
    for table in (f"table inet {TABLE}", "table ip kube-proxy", "table ip6 kube-proxy"):
        if table in tables:
            run_command(["nft", "delete", *table.split()], check=False)
            done.append(table)
    record = read_machine_record(settings)
    if record.get("boot") == _read_boot_id():
        done += restore_sysctls(record)
    return done
