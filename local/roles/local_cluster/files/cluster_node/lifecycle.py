# SPDX-License-Identifier: Apache-2.0
"""Starts and stops the daemons under supervisord, from whatever state the machine is in."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cluster_node.cgroups import list_cgroup_files, list_cgroups, remove_empty_cgroups
from cluster_node.clients import describe_clients, find_clients, make_clients_error
from cluster_node.commands import CLEAN_PATH, wait_until
from cluster_node.mounts import list_mounts, unmount_all
from cluster_node.network import read_machine_record, remove_network, set_up_network
from cluster_node.pods import find_pod_processes, stop_pods
from cluster_node.processes import MARKER, end_processes, find_own_processes
from cluster_node.settings import NodeError, Settings
from cluster_node.supervisor import find_supervisor, find_supervisor_program, run_supervisorctl


class _ActionLog(list[str]):
    """A list of what a command did; each entry is also printed immediately, so that progress can be followed."""

    def append(self, text: str) -> None:
        print(text, flush=True)
        super().append(text)

    def __iadd__(self, texts: Iterable[str]) -> _ActionLog:  # type: ignore[override,misc]
        for text in texts:
            self.append(text)
        return self


def _clear_run_directory(settings: Settings) -> None:
    """Remove sockets, pid files and address leases of processes that have ended."""
    if settings.run.is_dir():
        for path in settings.run.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _clean_leftovers(settings: Settings) -> list[str]:
    """Remove processes, mounts and files that a kill, power cut or incomplete stop left; return what there was."""
    done = []
    orphans = find_pod_processes(settings)
    if orphans:
        end_processes(orphans, 0)
        done.append(f"{len(orphans)} processes of pods")
    count = unmount_all(settings)
    if count:
        done.append(f"{count} mounts")
    if remove_empty_cgroups():
        done.append("control groups")
    _clear_run_directory(settings)
    return done


def _start_supervisor(settings: Settings) -> None:
    """Start supervisord as a daemon with a small, fixed environment, and wait until it answers."""
    groups = list_cgroup_files()
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
            [find_supervisor_program(settings, "supervisord"), "-c", str(settings.supervisor_config)],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            timeout=60,
            start_new_session=True,
            preexec_fn=leave_groups,  # safe, because this process has a single thread
        )
    if done.returncode != 0 or not wait_until(lambda: find_supervisor(settings) > 0, 20):
        raise NodeError(
            f"supervisord did not start (exit code {done.returncode}): see {log} and supervisord.log beside it"
        )


def start_daemons(settings: Settings) -> dict[str, Any]:
    """Start the cluster's daemons that do not run, restart changed ones; return what was done."""
    settings.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    actions = _ActionLog()
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
        # Running pods are kept: containerd and kubelet find them again. Only stale pid files are removed.
        for name in ("docker.pid", "supervisord.pid"):
            (settings.run / name).unlink(missing_ok=True)
        actions.append("kept the running pods")
    else:
        cleaned = _clean_leftovers(settings)
        if cleaned:
            actions.append(f"cleaned up {', '.join(cleaned)} of a former run")
    actions += set_up_network(settings)
    _start_supervisor(settings)
    actions.append("started the supervisor")
    return {"changed": True, "actions": actions}


def _remove_outside_folders(settings: Settings) -> list[str]:
    """Remove folders outside of the state directory that did not exist before the cluster; return their names."""
    removed = [name for name in read_machine_record(settings).get("absent", ()) if Path(name).is_dir()]
    for name in removed:
        shutil.rmtree(name, ignore_errors=True)
    settings.machine_record_file.unlink(missing_ok=True)
    return removed


def wait_for_clients(settings: Settings, seconds: float) -> None:
    """Wait until no other process uses the cluster, `seconds` at most.

    Raises:
        NodeError: somebody still does; names the processes.
    """
    found = find_clients(settings)
    if found and seconds > 0:
        print(f"waiting for {describe_clients(found)}", flush=True)
        wait_until(lambda: not find_clients(settings), seconds, 1)
        found = find_clients(settings)
    if found:
        raise make_clients_error(found, seconds)


def stop_daemons(settings: Settings, wait: float) -> dict[str, Any]:
    """Stop everything and leave the machine as it was before the first start; state and caches stay.

    Others that use the cluster are awaited, `wait` seconds at most; a negative number ignores them.
    """
    if wait >= 0:
        wait_for_clients(settings, wait)
    actions = _ActionLog()
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
    wait_until(lambda: not remove_empty_cgroups() and not list_cgroups(), 5)
    if settings.run.is_dir():
        shutil.rmtree(settings.run)
        actions.append(f"removed {settings.run}")
    actions += [f"removed {name}" for name in _remove_outside_folders(settings)]
    return {"changed": bool(actions), "actions": actions}


def remove_state(settings: Settings) -> dict[str, Any]:
    """Remove the state of a stopped cluster. Caches stay."""
    if list_mounts(settings):
        raise NodeError(f"something is still mounted below {settings.state}: run `make down` again")
    if not settings.state.is_dir():
        return {"changed": False}
    shutil.rmtree(settings.state)
    return {"changed": True}
