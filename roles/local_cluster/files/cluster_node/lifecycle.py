# SPDX-License-Identifier: Apache-2.0
"""Start and stop of the daemons under supervisord, from whatever state the machine is in."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cluster_node.clients import clients, describe, refuse
from cluster_node.common import (
    CLEAN_PATH,
    MARKER,
    NodeError,
    Settings,
    boot_id,
    descendants,
    mounts_below,
    own_processes,
    run,
    write_private,
)
from cluster_node.network import network_down, network_up

CGROUP_ROOT = Path("/sys/fs/cgroup")
CGROUP_NAME = "cosmogony-stack"
# kubelet's and dockerd's (its cgroup-parent) groups, and the supervisor's.
OWN_CGROUPS = ("kubepods", CGROUP_NAME)
POD_GRACE_SECONDS = 20.0


class Actions(list[str]):
    """What was done; told at once, so that a slow step is seen."""

    def append(self, text: str) -> None:
        print(text, flush=True)
        super().append(text)

    def __iadd__(self, texts: Iterable[str]) -> Actions:  # type: ignore[override,misc]
        for text in texts:
            self.append(text)
        return self


def wait_until(condition: Callable[[], bool], seconds: float, interval: float = 0.2) -> bool:
    """True as soon as the condition holds, False when the time is over."""
    end = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if time.monotonic() > end:
            return False
        time.sleep(interval)


def tool(settings: Settings, name: str) -> str:
    return str(settings.state / "tools" / "bin" / name)


def supervisorctl(settings: Settings, *arguments: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
    command = [tool(settings, "supervisorctl"), "-c", str(settings.supervisor_config), *arguments]
    return run(command, check=False, timeout=timeout)


def supervisor_pid(settings: Settings) -> int:
    """0 when no supervisor of ours answers."""
    if not settings.supervisor_socket.exists() or not settings.supervisor_config.is_file():
        return 0
    done = supervisorctl(settings, "pid", timeout=20)
    return int(done.stdout.strip()) if done.returncode == 0 and done.stdout.strip().isdigit() else 0


def end_processes(pids: Iterable[int], grace: float) -> None:
    """SIGTERM, and SIGKILL for what is still there after the grace time."""
    alive = set(pids) - {os.getpid(), 1}

    def send(number: signal.Signals) -> None:
        for pid in list(alive):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                alive.discard(pid)

    def gone() -> bool:
        for pid in list(alive):
            try:
                if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2][1] == "Z":
                    alive.discard(pid)
            except (OSError, IndexError):
                alive.discard(pid)
        return not alive

    if grace > 0:
        send(signal.SIGTERM)
        if wait_until(gone, grace):
            return
    send(signal.SIGKILL)
    wait_until(gone, 10)


def cgroup_directories(names: Iterable[str] = OWN_CGROUPS) -> list[Path]:
    """Our control groups, innermost first (version 1: one tree a controller; version 2: one tree)."""
    roots = [CGROUP_ROOT] if (CGROUP_ROOT / "cgroup.controllers").exists() else sorted(CGROUP_ROOT.glob("*/"))
    found: list[Path] = []
    for root in roots:
        for name in names:
            if (root / name).is_dir():
                found += [Path(folder) for folder, _, _ in os.walk(root / name, topdown=False)]
    return found


def pod_processes(settings: Settings) -> set[int]:
    """Shims, what runs below them, and what kubelet's control groups hold."""
    pids = descendants({process.pid for process in own_processes(settings) if process.is_shim})
    for folder in cgroup_directories(("kubepods",)):
        with contextlib.suppress(OSError):
            pids |= {int(line) for line in (folder / "cgroup.procs").read_text(encoding="ascii").split()}
    return pids


def remove_cgroups() -> int:
    removed = 0
    for folder in cgroup_directories():
        with contextlib.suppress(OSError):
            folder.rmdir()
            removed += 1
    return removed


def unmount_all(settings: Settings) -> int:
    """Unmount everything below our folders; what is busy is detached."""
    count = 0
    for attempt in range(4):
        points = mounts_below(settings)
        if not points:
            break
        for point in points:
            options = ["-l"] if attempt >= 2 else []
            if run(["umount", *options, point], check=False).returncode == 0:
                count += 1
    left = mounts_below(settings)
    if left:
        raise NodeError(f"cannot unmount {', '.join(left[:5])}: see `fuser -vm {left[0]}`, then run the same again")
    return count


def clear_run_directory(settings: Settings) -> None:
    """Sockets, pids and address leases of processes that are no more."""
    if settings.run.is_dir():
        for path in settings.run.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def clean_leftovers(settings: Settings) -> list[str]:
    """After a kill -9, a power cut or a half-done stop: nothing of the former run stays in the way."""
    done = []
    orphans = pod_processes(settings)
    if orphans:
        end_processes(orphans, 0)
        done.append(f"{len(orphans)} processes of pods")
    count = unmount_all(settings)
    if count:
        done.append(f"{count} mounts")
    if remove_cgroups():
        done.append("control groups")
    clear_run_directory(settings)
    return done


def own_cgroup_files() -> list[Path]:
    """cgroup.procs files that take a process out of its caller's control groups (a login session's, a job's)."""
    files = []
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        _, controllers, path = line.split(":", 2)
        if path == "/":
            continue
        root = CGROUP_ROOT / controllers.removeprefix("name=") if controllers else CGROUP_ROOT
        if not controllers and not (root / "cgroup.controllers").exists():
            root = CGROUP_ROOT / "unified"
        if root.is_dir():
            files.append(root / CGROUP_NAME / "cgroup.procs")
    return files


def start_supervisor(settings: Settings) -> None:
    """supervisord as a daemon with a separate environment."""
    groups = own_cgroup_files()
    for path in groups:
        with contextlib.suppress(OSError):
            path.parent.mkdir(exist_ok=True)

    def leave_groups() -> None:
        for path in groups:
            with contextlib.suppress(OSError):
                path.write_text(str(os.getpid()), encoding="ascii")

    environment = {
        "PATH": f"{settings.state}/bin:{CLEAN_PATH}",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        MARKER: str(settings.state),
    }
    log = settings.state / "log" / "supervisord-start.log"
    with log.open("ab") as output:
        done = subprocess.run(
            [tool(settings, "supervisord"), "-c", str(settings.supervisor_config)],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            timeout=60,
            start_new_session=True,
            preexec_fn=leave_groups,  # one thread here
        )
    if done.returncode != 0 or not wait_until(lambda: supervisor_pid(settings) > 0, 20):
        raise NodeError(
            f"supervisord did not start (exit code {done.returncode}): see {log} and supervisord.log beside it"
        )


def start(settings: Settings) -> dict[str, Any]:
    """Bring all daemons up; what is up and unchanged is left alone."""
    settings.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    actions = Actions()
    if supervisor_pid(settings):
        actions += network_up(settings)
        done = supervisorctl(settings, "update")
        if done.returncode != 0:
            raise NodeError(f"supervisorctl update: {(done.stdout + done.stderr).strip()[-1000:]}")
        actions += [line for line in done.stdout.splitlines() if line.strip()]
        return {"changed": bool(actions), "actions": actions}

    own = own_processes(settings)
    daemons = [process.pid for process in own if not process.is_shim]
    if daemons:
        end_processes(daemons, 20)
        actions.append(f"ended {len(daemons)} daemons without a supervisor")
    if any(process.is_shim for process in own):
        # The pods live on: containerd and kubelet find them again. Only stale pid files must go.
        for name in ("docker.pid", "supervisord.pid"):
            (settings.run / name).unlink(missing_ok=True)
        actions.append("kept the running pods")
    else:
        cleaned = clean_leftovers(settings)
        if cleaned:
            actions.append(f"cleaned up {', '.join(cleaned)} of a former run")
    actions += network_up(settings)
    start_supervisor(settings)
    actions.append("started the supervisor")
    write_private(settings.run / "started", f"{boot_id()} {int(time.time())}\n")
    return {"changed": True, "actions": actions}


def container_ids(settings: Settings, kind: str) -> set[str]:
    command = ["ctr", "--address", str(settings.containerd_socket), "--namespace", "k8s.io", "containers", "list", "-q"]
    done = run([*command, f'labels."io.cri-containerd.kind"=={kind}'], check=False, timeout=20)
    return set(done.stdout.split()) if done.returncode == 0 else set()


def parse_running_tasks(text: str) -> set[str]:
    """`ctr tasks list`: TASK PID STATUS."""
    return {match.group(1) for match in re.finditer(r"^(\S+)\s+\d+\s+RUNNING\b", text, re.MULTILINE)}


def running_tasks(settings: Settings) -> set[str]:
    command = ["ctr", "--address", str(settings.containerd_socket), "--namespace", "k8s.io", "tasks", "list"]
    done = run(command, check=False, timeout=20)
    return parse_running_tasks(done.stdout) if done.returncode == 0 else set()


def stop_pods(settings: Settings) -> int:
    """Each container gets its own stop signal and time to end; kubelet must be stopped before."""
    if not settings.containerd_socket.exists() or not shutil.which("ctr"):
        return 0
    base = ["ctr", "--address", str(settings.containerd_socket), "--namespace", "k8s.io", "tasks", "kill"]
    containers = container_ids(settings, "container")
    running = running_tasks(settings)
    for identifier in running & containers:
        run([*base, identifier], check=False, timeout=20)
    wait_until(lambda: not running_tasks(settings) & containers, POD_GRACE_SECONDS, 0.5)
    for identifier in running_tasks(settings):
        run([*base, "--signal", "SIGKILL", identifier], check=False, timeout=20)
    wait_until(lambda: not running_tasks(settings), 10, 0.5)
    return len(running)


def remove_outside(settings: Settings) -> list[str]:
    """Folders with fixed names that were not there before us."""
    try:
        record = json.loads(settings.before_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    removed = []
    for name in record.get("absent", ()):
        if Path(name).is_dir():
            shutil.rmtree(name, ignore_errors=True)
            removed.append(name)
    settings.before_file.unlink(missing_ok=True)
    return removed


def wait_for_clients(settings: Settings, seconds: float) -> None:
    """Until nobody else uses the cluster; NodeError that names them when they stay."""
    found = clients(settings)
    if found and seconds > 0:
        print(f"waiting for {describe(found)}", flush=True)
        wait_until(lambda: not clients(settings), seconds, 1)
        found = clients(settings)
    if found:
        raise refuse(found, seconds)


def stop(settings: Settings, wait: float | None = None) -> dict[str, Any]:
    """Stop all of it and leave the machine as it was before the first start; state and caches stay.

    Others that use the cluster are waited for, `wait` seconds at most; None does not look for them.
    """
    if wait is not None:
        wait_for_clients(settings, wait)
    actions = Actions()
    if supervisor_pid(settings):
        supervisorctl(settings, "stop", "kubelet", "kube-controller-manager", "kube-scheduler", "site")
        stopped = stop_pods(settings)
        actions.append(f"stopped {stopped} containers")
        supervisorctl(settings, "shutdown", timeout=60)
        wait_until(lambda: not [p for p in own_processes(settings) if not p.is_shim], 60, 0.5)
    pods = pod_processes(settings)
    daemons = {process.pid for process in own_processes(settings)} - pods
    if daemons:
        end_processes(daemons, 20)
        actions.append(f"ended {len(daemons)} daemons")
    pods |= pod_processes(settings)
    if pods:
        end_processes(pods, 2)
        actions.append(f"ended {len(pods)} processes of pods")
    count = unmount_all(settings)
    if count:
        actions.append(f"unmounted {count} mounts")
    actions += network_down(settings)
    wait_until(lambda: not remove_cgroups() and not cgroup_directories(), 5)
    if settings.run.is_dir():
        shutil.rmtree(settings.run)
        actions.append(f"removed {settings.run}")
    actions += [f"removed {name}" for name in remove_outside(settings)]
    return {"changed": bool(actions), "actions": actions}


def remove_state(settings: Settings) -> dict[str, Any]:
    """After `stop`: the state too. Caches stay."""
    if mounts_below(settings):
        raise NodeError(f"something is still mounted below {settings.state}: run `make down` again")
    if not settings.state.is_dir():
        return {"changed": False}
    shutil.rmtree(settings.state)
    return {"changed": True}
