# SPDX-License-Identifier: Apache-2.0
"""Puts programs into the cache: built here, or as their publishers have them."""

from __future__ import annotations

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from program_builder.cache_folders import remove_tree
from program_builder.downloads import DownloadError
from program_builder.go_environment import BUILD_FLAGS, make_go_environment
from program_builder.publications import Publication, PublishedImage
from program_builder.publishers import ProgramDownloader, compute_content_digest
from program_builder.recipes import BuildError, Program
from program_builder.runner import Runner, Task, format_duration, read_command_output
from program_builder.toolchains import Toolchains, make_chroot_command

LIST_SECONDS = 600
GO_PACKAGES = (re.compile(r"^[^\s:]+$", re.MULTILINE), "packages compiled")
RUST_CRATES = (re.compile(r"^\s+Compiling ", re.MULTILINE), "crates compiled")


class _NotTakenError(Exception):
    """What can only be taken from its publisher could not be taken; says why."""


class Builder:
    """Builds or downloads programs into the cache, each into a temporary folder that is renamed when it is complete."""

    def __init__(self, cache: Path, runner: Runner, source: str, publishers: ProgramDownloader, jobs: int) -> None:
        self.programs_cache = cache
        self.build = cache / "build"
        self._logs = cache / "log"
        self._runner = runner
        self._source = source
        self._publishers = publishers
        self._jobs = jobs
        self._toolchains = Toolchains(self.build, self._logs, runner)

    def make_missing_programs(self, programs: Sequence[Program]) -> None:
        """Download or build the programs that are missing.

        Raises:
            BuildError: the build was interrupted, or programs could not be had; those that run are finished first.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        for leftover in self.programs_cache.glob(".new-*"):
            remove_tree(leftover)
        started = time.monotonic()
        programs = [p for p in programs if p.can_be_built or (p.publication and self._source != "built")]
        total = len(programs)
        labels = {p.name: f"[{n}/{total}] {p.name} {p.version}" for n, p in enumerate(programs, 1)}
        there = [p for p in programs if p.find_directory(self.programs_cache, self._source)]
        missing = [p for p in programs if p not in there]
        for program in there:
            self._runner.print_progress(f"{labels[program.name]} already there")
        if self._source != "built":
            self._publishers.find_answering(missing)
        seconds: dict[str, float] = {}
        failures: list[str] = []

        def build(program: Program) -> None:
            label = labels[program.name]
            if self._runner.stopped.is_set() or failures:
                return
            try:
                done, taken = self._make_program(program, label)
            except _NotTakenError as error:
                self._runner.print_progress(f"{label} is made by the role later: {error}")
            except (BuildError, OSError) as error:
                failures.append(str(error) if isinstance(error, BuildError) else f"{label}: {error}")
                self._runner.print_progress(f"{label} FAILED; those that are under way are finished first")
            else:
                seconds[program.name] = taken
                ready = len(there) + len(seconds)
                duration = format_duration(seconds[program.name])
                self._runner.print_progress(f"{label} {done} in {duration} ({ready} of {total} ready)")

        with concurrent.futures.ThreadPoolExecutor(max_workers=self._jobs) as pool:
            list(pool.map(build, missing))
        if self._runner.stopped.is_set():
            raise BuildError("stopped; the same command continues where it stopped")
        if failures:
            raise BuildError("\n".join(failures))
        if not missing:
            self._runner.print_progress(f"all {total} programs are there, nothing to build")
            return
        self._runner.print_progress(
            f"{len(seconds)} of {total} programs ready in {format_duration(time.monotonic() - started)}:"
        )
        for name, taken in seconds.items():
            self._runner.print_progress(f"  {name:<24} {format_duration(taken):>8}")

    def _make_program(self, program: Program, label: str) -> tuple[str, float]:
        """Download or build one program; return which of the two, and the seconds it took.

        Raises:
            _NotTakenError: it could not be downloaded, and cannot be built.
        """
        publication = program.publication
        if publication is None or self._source == "built":
            return "built", self._build_program(program, label)
        try:
            return "downloaded", self._download_program(program, publication, label)
        except DownloadError as error:
            if self._runner.stopped.is_set():
                raise BuildError(f"{label} stopped") from error
            if self._source == "published":
                raise BuildError(
                    f"{label}: not taken from its publisher: {error}\n"
                    "  Next: run the same command again when the publisher has it, name a mirror "
                    f"(local_cluster_mirrors: {{{publication.publisher}: https://…}}),\n"
                    "  or have it built (local_cluster_programs_source: auto)."
                ) from error
            if not program.can_be_built:
                raise _NotTakenError(str(error)) from error
            self._runner.print_progress(f"{label} is built, since it cannot be taken from its publisher: {error}")
            return "built", self._build_program(program, label)

    def _build_program(self, program: Program, label: str) -> float:
        build = self._build_go if program.recipe["toolchain"] == "go" else self._build_rust

        def make(target: Path, task: Task) -> dict[str, Any]:
            return {"digest": program.digest, "toolchain": build(program, target, task)}

        return self._add_to_cache(program, label, program.build_directory(self.programs_cache), make)

    def _download_program(self, program: Program, publication: Publication, label: str) -> float:
        def make(target: Path, task: Task) -> dict[str, Any]:
            digests = self._publishers.download_program(program, publication, target)
            content = target / ("image" if publication.is_taken_whole else "bin")
            try:
                if publication.is_taken_whole:
                    self._check_image(program, publication.images[0], content, task)
                else:
                    self._check_binaries(program, content, task)
                if program.recipe.get("share"):
                    self._copy_shared_files(program, target, task, *self._prepare_module(program, task))
            except BuildError as error:
                raise DownloadError(str(error).removeprefix(f"{task.label}: ")) from error
            return {"digest": compute_content_digest(content), "published": digests}

        return self._add_to_cache(program, label, program.download_directory(self.programs_cache), make)

    def _add_to_cache(
        self, program: Program, label: str, final: Path, make: Callable[[Path, Task], dict[str, Any]]
    ) -> float:
        """Fill a temporary folder, which becomes the folder of the program when it is complete.

        Args:
            program: The program.
            label: The program, for progress lines.
            final: The folder of the program.
            make: Fills the folder that it is given, and returns what is written down about it.

        Returns:
            The seconds it took.
        """
        task = Task(self._runner, label, self._logs / f"{program.name}.log")
        task.log.write_text("", encoding="utf-8")
        target = final.with_name(f".new-{final.name}")
        remove_tree(target)
        (target / "bin").mkdir(parents=True)
        try:
            details = make(target, task)
            seconds = time.monotonic() - task.started
            record = {
                "name": program.name,
                "version": program.version,
                **details,
                "seconds": round(seconds, 1),
                "built": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            }
            (target / "build.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
            remove_tree(final)
            target.rename(final)
        finally:
            remove_tree(target)
        return seconds

    def _check_binaries(self, program: Program, directory: Path, task: Task, root: Path | None = None) -> None:
        """Refuse a build that left out a binary, or whose binaries report another version."""
        for binary in program.binaries:
            if not os.access(directory / binary, os.X_OK):
                raise BuildError(f"{task.label}: the build left no {binary}; see {task.log}")
        for binary, arguments in program.recipe.get("check", {}).items():
            command = [str(directory / binary), *arguments]
            # A program that was linked in a root may need the C library of that root.
            text = read_command_output(
                *make_chroot_command(root, self.build / "cargo", command, {}) if root else (command,)
            )
            _check_version(program, binary, text, task)

    def _check_image(self, program: Program, image: PublishedImage, folder: Path, task: Task) -> None:
        """Refuse an image in which a binary does not run on this machine or reports another version."""
        if not program.recipe.get("check"):
            return
        root = self.build / f"image-{program.name}"
        remove_tree(root)
        root.mkdir(parents=True)
        try:
            (manifest,) = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            for layer in manifest["Layers"]:
                unpack = ["tar", "--extract", "--no-same-owner", f"--file={folder / layer}", f"--directory={root}"]
                task.run(unpack, "unpacking")
            for binary, arguments in program.recipe["check"].items():
                text = read_command_output(["chroot", str(root), f"/{image.members[binary]}", *arguments])
                _check_version(program, binary, text, task)
        finally:
            remove_tree(root)

    def _build_go(self, program: Program, target: Path, task: Task) -> str:
        go, version = self._toolchains.find_or_fetch_go()
        work, environment = self._prepare_module(program, task)
        self._copy_shared_files(program, target, task, work, environment)
        if settings := program.recipe.get("source_copy"):
            source = self._download_module(settings["module"], task, work, environment)
            _copy_source(source, work / "source", settings)
            replace = f"-replace={settings['module']}=./source"
            task.run([go, "mod", "edit", replace], "editing", environment=environment, directory=work)
        flags = " ".join(["-s", "-w", *program.recipe.get("ldflags", [])])
        command = [go, "build", *BUILD_FLAGS, "-ldflags", flags, "-o", f"{target / 'bin'}/"]
        packages = program.binaries.values()
        task.run([*command, *packages], "building", environment=environment, directory=work, counted=GO_PACKAGES)
        for binary, package in program.binaries.items():
            built = target / "bin" / default_binary_name(package)
            if built.name != binary:
                built.rename(built.with_name(binary))
        self._check_binaries(program, target / "bin", task)
        return version

    def _prepare_module(self, program: Program, task: Task) -> tuple[Path, dict[str, str]]:
        """Copy the Go module of a recipe to where it is built; return that folder and the variables of go commands."""
        self._runner.print_progress(f"{task.label} … fetching modules")
        work = self.build / "work" / program.name
        remove_tree(work)
        for folder in (work, self.build / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        for source in (program.folder / "go.mod", program.folder / "go.sum", *program.folder.glob("*.go")):
            shutil.copy(source, work / source.name)
        return work, make_go_environment(self.build, self._jobs)

    def _copy_shared_files(
        self, program: Program, target: Path, task: Task, work: Path, environment: Mapping[str, str]
    ) -> None:
        """Copy the files that a program shares out of its `shared_module`, otherwise out of its source."""
        if shared := program.recipe.get("share"):
            module = program.recipe.get("shared_module") or program.recipe["source_copy"]["module"]
            source = self._download_module(module, task, work, environment)
            for name, folder in shared.items():
                shutil.copytree(source / folder, target / "share" / name, copy_function=shutil.copyfile)

    def _download_module(self, module: str, task: Task, work: Path, environment: Mapping[str, str]) -> Path:
        """Download a module and return its folder."""
        go, _ = self._toolchains.find_or_fetch_go()
        task.run([go, "mod", "download", module], "fetching", environment=environment, directory=work)
        return _find_module(go, module, environment, work)

    def _build_rust(self, program: Program, target: Path, task: Task) -> str:
        root, version = self._toolchains.find_or_fetch_rust()
        shared = self.build / "cargo"
        home, objects, output = (shared / name for name in ("home", "target", "install"))
        for folder in (home, objects, output):
            folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "CARGO_HOME": str(home),
            "CARGO_TARGET_DIR": str(objects),
            **program.recipe.get("environment", {}),
        }
        command = ["cargo", "install", program.recipe["crate"], "--version", program.version, "--locked", "--force"]
        features = ",".join(program.recipe.get("features", []))
        command += ["--no-default-features", "--features", features, "--root", str(output)]
        if root:
            command, environment = make_chroot_command(root, shared, command, settings)
        else:
            environment = {**os.environ, **settings}
            # A registry mirror of the site is configured in the user's cargo home.
            config = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo") / "config.toml"
            if config.is_file():
                shutil.copy(config, home / "config.toml")
        task.run(command, "building", environment=environment, counted=RUST_CRATES)
        self._check_binaries(program, output / "bin", task, root)
        for binary in program.binaries:
            shutil.move(output / "bin" / binary, target / "bin" / binary)
        return version


def _check_version(program: Program, binary: str, text: str, task: Task) -> None:
    """Refuse a binary whose output does not have the version of its program."""
    if program.version not in text:
        command = " ".join([binary, *program.recipe["check"][binary]])
        raise BuildError(f"{task.label}: {command} does not say {program.version}: {text.strip()[:200]}")


def default_binary_name(package: str) -> str:
    """Return the file name that `go build -o directory/` gives to a command package."""
    *_, before, last = ["", *package.split("/")]
    return before if before and re.fullmatch(r"v[0-9]+", last) else last


def _find_module(go: str, module: str, environment: Mapping[str, str], directory: Path) -> Path:
    """Return the folder of a module in the module cache."""
    command = [go, "list", "-m", "-f", "{{.Dir}}", module]
    try:
        found = subprocess.run(
            command, env=environment, cwd=directory, capture_output=True, text=True, check=False, timeout=LIST_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{module}: go list took {LIST_SECONDS} s; check the network and run again") from error
    if found.returncode != 0 or not found.stdout.strip():
        raise BuildError(f"{module}: go list: {found.stderr.strip() or 'no folder'}")
    return Path(found.stdout.strip())


def _copy_source(source: Path, copy: Path, settings: Mapping[str, Any]) -> None:
    """Copy a published module, add the files that it lacks and cut what is not compiled.

    Raises:
        BuildError: there is nothing to cut where the recipe says so.
    """
    # copyfile: the files of the module cache are read-only, those of the copy are not.
    shutil.copytree(source, copy, copy_function=shutil.copyfile, symlinks=True)
    for folder, _, _ in os.walk(copy):
        Path(folder).chmod(0o755)
    for name, origin in settings.get("copies", {}).items():
        shutil.copyfile(copy / origin, copy / name)
    for name, text in settings.get("files", {}).items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text(text, encoding="utf-8")
    for name, patterns in settings.get("cuts", {}).items():
        text = (copy / name).read_text(encoding="utf-8")
        for pattern in patterns:
            text, found = re.subn(pattern, "", text, flags=re.MULTILINE | re.DOTALL)
            if not found:
                raise BuildError(
                    f"{copy / name}: nothing to cut matches {pattern}; compare the recipe with this version"
                )
        (copy / name).write_text(text, encoding="utf-8")
