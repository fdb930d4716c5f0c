# SPDX-License-Identifier: Apache-2.0
"""Settings, commands, processes and mounts, for all modules of the node tool."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

# Every daemon of the supervisor, and every containerd shim below it, carries this variable.
MARKER = "COSMOGONY_STACK_STATE"
CLEAN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class NodeError(Exception):
    """A failure with its cause and a next step, shown without a traceback."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """The role's variables that this tool needs, as JSON on standard input."""

    state: Path
    run: Path
    cache: Path
    node_name: str
    node_address: str
    node_cidr: str
    pod_cidr: str
    service_cidr: str
    dns_address: str
    listen: str
    registry: str
    base_image: str
    martin_image: str
    debian_suite: str
    debian_mirror: str
    minimum_cpus: int
    minimum_memory_mb: int
    minimum_disk_gb: int
    packages: Sequence[str]
    programs: Sequence[Mapping[str, Any]]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Settings:
        """Take the fields out of the role's options, packages and programs."""
        values = {**document, **{name: Path(document[f"{name}_dir"]) for name in ("state", "run", "cache")}}
        return cls(**{field.name: values[field.name] for field in dataclasses.fields(cls)})

    @property
    def supervisor_config(self) -> Path:
        return self.state / "supervisor" / "supervisord.conf"

    @property
    def supervisor_socket(self) -> Path:
        return self.run / "supervisor.sock"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd" / "containerd.sock"

    @property
    def docker_socket(self) -> Path:
        return self.run / "docker.sock"

    @property
    def before_file(self) -> Path:
        """Record of what this machine was like before the first start."""
        return self.state / "node" / "before.json"

    @property
    def ranges(self) -> tuple[str, str, str]:
        return self.node_cidr, self.pod_cidr, self.service_cidr


def run(
    command: Sequence[str],
    *,
    check: bool = True,
    stdin: str = "",
    timeout: float = 120,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a short command.

    Raises:
        NodeError: the command failed; with what it printed. Not raised without `check`.
    """
    try:
        done = subprocess.run(
            list(command),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{CLEAN_PATH}", **(environment or {})},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        if not check:
            return subprocess.CompletedProcess(list(command), 127, "", str(error))
        raise NodeError(f"{command[0]}: {error}") from error
    if check and done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise NodeError(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return done


@dataclasses.dataclass(frozen=True)
class Process:
    """A process as /proc shows it."""

    pid: int
    parent: int
    arguments: tuple[str, ...]
    marker: str

    @property
    def is_shim(self) -> bool:
        return bool(self.arguments) and Path(self.arguments[0]).name.startswith("containerd-shim")


def read_process(pid: int) -> Process | None:
    """Return a process; None when it has ended, also when nobody has collected its exit code."""
    folder = Path(f"/proc/{pid}")
    try:
        arguments = (folder / "cmdline").read_bytes().split(b"\0")
        variables = (folder / "environ").read_bytes().split(b"\0")
        stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if not fields or fields[0] == "Z":
        return None
    prefix = f"{MARKER}=".encode()
    marker = next((value[len(prefix) :].decode() for value in variables if value.startswith(prefix)), "")
    return Process(
        pid=pid,
        parent=int(fields[1]),
        arguments=tuple(part.decode(errors="replace") for part in arguments if part),
        marker=marker,
    )


def list_processes() -> Iterator[Process]:
    """Yield all processes."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            process = read_process(int(entry.name))
            if process is not None:
                yield process


def find_own_processes(settings: Settings) -> list[Process]:
    """Return daemons and shims of this cluster, whoever started them."""
    return [
        process for process in list_processes() if process.marker == str(settings.state) and process.pid != os.getpid()
    ]


def find_descendants(roots: set[int]) -> set[int]:
    """Return the processes and everything below them."""
    children: dict[int, list[int]] = {}
    for process in list_processes():
        children.setdefault(process.parent, []).append(process.pid)
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(children.get(pid, ()))
    return found


def parse_mounts(text: str) -> list[str]:
    """Return the mount points of a mountinfo text, in the order they were mounted."""
    points = []
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 4:
            points.append(fields[4].encode().decode("unicode_escape"))
    return points


def list_mounts(settings: Settings) -> list[str]:
    """Return our mount points, innermost and newest first."""
    roots = (f"{settings.state}/", f"{settings.run}/")
    text = Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    return [point for point in reversed(parse_mounts(text)) if point.startswith(roots)]


def read_boot_id() -> str:
    """Return the id of this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def write_private(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a file atomically; no other user can read it at any time, unless the mode says so."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        os.fchmod(stream.fileno(), mode)
        stream.write(data)
    temporary.replace(path)
