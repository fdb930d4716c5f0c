# SPDX-License-Identifier: Apache-2.0
"""Starts and stops the daemons under supervisord, from whatever state the machine is in."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cluster_node.clients import describe_clients, find_clients, make_refusal
from cluster_node.common import (
    CLEAN_PATH,
    MARKER,
    NodeError,
    Settings,
    find_descendants,
    find_own_processes,
    list_mounts,
    read_process,
    run,
)
from cluster_node.network import read_record, remove_network, set_up_network

CGROUP_ROOT = Path("/sys/fs/cgroup")
CGROUP_NAME = "cosmogony-stack"
# kubelet's and dockerd's (its cgroup-parent) groups, and the supervisor's.
OWN_CGROUPS = ("kubepods", CGROUP_NAME)
POD_GRACE_SECONDS = 20.0
CONTAINERS_ONLY = 'labels."io.cri-containerd.kind"==container'


class Actions(list[str]):
    """What was done. Each entry is printed immediately, so that a slow step is seen."""

    def append(self, text: str) -> None:
        print(text, flush=True)
        super().append(text)

    def __iadd__(self, texts: Iterable[str]) -> Actions:  # type: ignore[override,misc]
        for text in texts:
            self.append(text)
        return self


def wait_until(condition: Callable[[], bool], seconds: float, interval: float = 0.2) -> bool:
    """Return True as soon as the condition holds, False when the time is over."""
    end = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if time.monotonic() > end:
            return False
        time.sleep(interval)


def tool_path(settings: Settings, name: str) -> str:
    """Return the path of a program of the supervisor's environment."""
    return str(settings.state / "tools" / "bin" / name)


def run_supervisorctl(settings: Settings, *arguments: str, timeout: float = 180) -> subprocess.CompletedProcess[str]:
    command = [tool_path(settings, "supervisorctl"), "-c", str(settings.supervisor_config), *arguments]
    return run(command, check=False, timeout=timeout)


def find_supervisor(settings: Settings) -> int:
    """Return the process id of our supervisor; 0 when it does not answer."""
    if not settings.supervisor_socket.exists() or not settings.supervisor_config.is_file():
        return 0
    done = run_supervisorctl(settings, "pid", timeout=20)
    return int(done.stdout.strip()) if done.returncode == 0 and done.stdout.strip().isdigit() else 0


def end_processes(pids: Iterable[int], grace: float) -> None:
    """Send SIGTERM, and SIGKILL to those that are still there after `grace` seconds; 0: SIGKILL immediately."""
    targets = set(pids) - {os.getpid(), 1}

    def send_signal(number: signal.Signals) -> None:
        for pid in targets:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def have_ended() -> bool:
        return not any(read_process(pid) for pid in targets)

    if grace > 0:
        send_signal(signal.SIGTERM)
        if wait_until(have_ended, grace):
            return
    send_signal(signal.SIGKILL)
    wait_until(have_ended, 10)


def list_cgroups(names: Iterable[str] = OWN_CGROUPS) -> list[Path]:
    """Return our control groups, innermost first (version 1 has one tree per controller, version 2 a single one)."""
    roots = [CGROUP_ROOT] if (CGROUP_ROOT / "cgroup.controllers").exists() else sorted(CGROUP_ROOT.glob("*/"))
    found: list[Path] = []
    for root in roots:
        for name in names:
            if (root / name).is_dir():
                found += [Path(folder) for folder, _, _ in os.walk(root / name, topdown=False)]
    return found


def find_pod_processes(settings: Settings) -> set[int]:
    """Return the ids of shims, of what runs below them, and of what the control groups of the kubelet hold."""
    pids = find_descendants({process.pid for process in find_own_processes(settings) if process.is_shim})
    for folder in list_cgroups(("kubepods",)):
        with contextlib.suppress(OSError):
            pids |= {int(line) for line in (folder / "cgroup.procs").read_text(encoding="ascii").split()}
    return pids


def remove_cgroups() -> int:
    """Remove our control groups that are empty; return how many."""
    removed = 0
    for folder in list_cgroups():
        with contextlib.suppress(OSError):
            folder.rmdir()
            removed += 1
    return removed


def unmount_all(settings: Settings) -> int:
    """Unmount everything below our folders and detach what is busy; return how many mounts there were."""
    count = 0
    for attempt in range(4):
        points = list_mounts(settings)
        if not points:
            break
        for point in points:
            options = ["-l"] if attempt >= 2 else []
            if run(["umount", *options, point], check=False).returncode == 0:
                count += 1
    left = list_mounts(settings)
    if left:
        raise NodeError(f"cannot unmount {', '.join(left[:5])}: see `fuser -vm {left[0]}`, then run the same again")
    return count


def clear_run_directory(settings: Settings) -> None:
    """Remove sockets, pid files and address leases of processes that have ended."""
    if settings.run.is_dir():
        for path in settings.run.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def clean_leftovers(settings: Settings) -> list[str]:
    """Remove what a kill -9, a power cut or an incomplete stop has left; return what there was."""
    done = []
    orphans = find_pod_processes(settings)
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


def list_escape_files() -> list[Path]:
    """Return files that take a process out of the control groups of its caller (a login session, a job)."""
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
    """Start supervisord as a daemon with a separate environment."""
    groups = list_escape_files()
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
            [tool_path(settings, "supervisord"), "-c", str(settings.supervisor_config)],
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
    if done.returncode != 0 or not wait_until(lambda: find_supervisor(settings) > 0, 20):
        raise NodeError(
            f"supervisord did not start (exit code {done.returncode}): see {log} and supervisord.log beside it"
        )


def start_daemons(settings: Settings) -> dict[str, Any]:
    """Bring all daemons up; what is up and unchanged is left alone."""
    settings.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    actions = Actions()
    if find_supervisor(settings):
        actions += set_up_network(settings)
        done = run_supervisorctl(settings, "update")
        if done.returncode != 0:
            raise NodeError(f"supervisorctl update: {(done.stdout + done.stderr).strip()[-1000:]}")
        actions += [line for line in done.stdout.splitlines() if line.strip()]
        return {"changed": bool(actions), "actions": actions}

    own = find_own_processes(settings)
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
    actions += set_up_network(settings)
    start_supervisor(settings)
    actions.append("started the supervisor")
    return {"changed": True, "actions": actions}


def run_ctr(settings: Settings, *arguments: str) -> str:
    """Run containerd's command for the pods; return what it printed, "" when it failed."""
    command = ["ctr", "--address", str(settings.containerd_socket), "--namespace", "k8s.io", *arguments]
    done = run(command, check=False, timeout=20)
    return done.stdout if done.returncode == 0 else ""


def parse_running_tasks(text: str) -> set[str]:
    """Return the ids in the output of `ctr tasks list` (TASK PID STATUS) that run."""
    return {match.group(1) for match in re.finditer(r"^(\S+)\s+\d+\s+RUNNING\b", text, re.MULTILINE)}


def list_running_tasks(settings: Settings) -> set[str]:
    """Return the ids of the containers that run, sandboxes included."""
    return parse_running_tasks(run_ctr(settings, "tasks", "list"))


def stop_pods(settings: Settings) -> int:
    """Send each container its stop signal and wait for its end; return how many ran. The kubelet must have stopped."""
    if not settings.containerd_socket.exists() or not shutil.which("ctr"):
        return 0
    containers = set(run_ctr(settings, "containers", "list", "-q", CONTAINERS_ONLY).split())
    running = list_running_tasks(settings)
    for identifier in running & containers:
        run_ctr(settings, "tasks", "kill", identifier)
    wait_until(lambda: not list_running_tasks(settings) & containers, POD_GRACE_SECONDS, 0.5)
    for identifier in list_running_tasks(settings):
        run_ctr(settings, "tasks", "kill", "--signal", "SIGKILL", identifier)
    wait_until(lambda: not list_running_tasks(settings), 10, 0.5)
    return len(running)


def remove_outside(settings: Settings) -> list[str]:
    """Remove folders with fixed names that were not there before us; return their names."""
    removed = [name for name in read_record(settings).get("absent", ()) if Path(name).is_dir()]
    for name in removed:
        shutil.rmtree(name, ignore_errors=True)
    settings.before_file.unlink(missing_ok=True)
    return removed


def wait_for_clients(settings: Settings, seconds: float) -> None:
    """Wait until nobody else uses the cluster, `seconds` at most.

    Raises:
        NodeError: somebody still does; names the processes.
    """
    found = find_clients(settings)
    if found and seconds > 0:
        print(f"waiting for {describe_clients(found)}", flush=True)
        wait_until(lambda: not find_clients(settings), seconds, 1)
        found = find_clients(settings)
    if found:
        raise make_refusal(found, seconds)


def stop_daemons(settings: Settings, wait: float) -> dict[str, Any]:
    """Stop everything and leave the machine as it was before the first start; state and caches stay.

    Others that use the cluster are awaited, `wait` seconds at most; a negative number ignores them.
    """
    if wait >= 0:
        wait_for_clients(settings, wait)
    actions = Actions()
    if find_supervisor(settings):
        run_supervisorctl(settings, "stop", "kubelet", "kube-controller-manager", "kube-scheduler", "site")
        stopped = stop_pods(settings)
        actions.append(f"stopped {stopped} containers")
        run_supervisorctl(settings, "shutdown", timeout=60)
        wait_until(lambda: not [p for p in find_own_processes(settings) if not p.is_shim], 60, 0.5)
    pods = find_pod_processes(settings)
    daemons = {process.pid for process in find_own_processes(settings)} - pods
    if daemons:
        end_processes(daemons, 20)
        actions.append(f"ended {len(daemons)} daemons")
    pods |= find_pod_processes(settings)
    if pods:
        end_processes(pods, 2)
        actions.append(f"ended {len(pods)} processes of pods")
    count = unmount_all(settings)
    if count:
        actions.append(f"unmounted {count} mounts")
    actions += remove_network(settings)
    wait_until(lambda: not remove_cgroups() and not list_cgroups(), 5)
    if settings.run.is_dir():
        shutil.rmtree(settings.run)
        actions.append(f"removed {settings.run}")
    actions += [f"removed {name}" for name in remove_outside(settings)]
    return {"changed": bool(actions), "actions": actions}


def remove_state(settings: Settings) -> dict[str, Any]:
    """Remove the state of a stopped cluster. Caches stay."""
    if list_mounts(settings):
        raise NodeError(f"something is still mounted below {settings.state}: run `make down` again")
    if not settings.state.is_dir():
        return {"changed": False}
    shutil.rmtree(settings.state)
    return {"changed": True}
