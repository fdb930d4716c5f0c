# SPDX-License-Identifier: Apache-2.0
"""The builder: what decides a rebuild, what it does when a compiler fails, and that it never builds twice."""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import build_programs
import pytest
from program_builder import cache_folders, recipes, runner
from program_builder.builder import default_binary_name
from program_builder.go_environment import share_memory_among_compilers
from program_builder.recipes import BuildError
from program_builder.runner import Runner, Task
from program_builder.toolchains import make_chroot_command, parse_version
from toy_program import GOOD, write_fake_go, write_go_program

FILES = Path(build_programs.__file__).parent


@pytest.fixture
def go(tmp_path, monkeypatch):
    folder = tmp_path / "fake"
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def run(tmp_path: Path, *arguments: str) -> int:
    return build_programs.main(
        [f"--cache={tmp_path / 'cache'}", f"--programs={tmp_path / 'programs'}", "--jobs=1", *arguments]
    )


def test_digest_changes_with_each_input():
    base = {"go.mod": b"a", "go.sum": b"b", "program.toml": b"c"}
    first = recipes.compute_digest(base, "go>=1.26", "x86_64")
    assert first == recipes.compute_digest(dict(reversed(base.items())), "go>=1.26", "x86_64")
    others = [recipes.compute_digest({**base, name: b"other"}, "go>=1.26", "x86_64") for name in base]
    others.append(recipes.compute_digest(base, "go>=1.27", "x86_64"))
    others.append(recipes.compute_digest(base, "go>=1.26", "aarch64"))
    # Content that moves from one file into its neighbour is another recipe.
    others.append(recipes.compute_digest({"go.mod": b"ab", "go.sum": b"", "program.toml": b"c"}, "go>=1.26", "x86_64"))
    assert len({first, *others}) == len(others) + 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (41.6, "42s"), (60, "1m00s"), (252, "4m12s"), (3599.9, "1h00m"), (3720, "1h02m")]
)
def test_durations_are_short(seconds, text):
    assert runner.format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go1.26.8", (1, 26, 8)),
        ("rustc 1.95.0 (f2d3ce0bd 2026-03-21)", (1, 95, 0)),
        ("go1.27", (1, 27)),
        ("go version devel", ()),
    ],
)
def test_versions_are_parsed(text, version):
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("go.etcd.io/etcd/server/v3", "server"),
        ("helm.sh/helm/v3/cmd/helm", "helm"),
        ("github.com/minio/minio", "minio"),
        ("k8s.io/kubernetes/cmd/kube-proxy", "kube-proxy"),
    ],
)
def test_default_binary_name(package, name):
    assert default_binary_name(package) == name


def test_the_recipes_of_this_role_are_complete():
    programs = recipes.load_recipes(FILES / "programs")
    assert [program.name for program in programs] == list(recipes.ORDER)
    for program in programs:
        if not program.can_be_built:
            assert program.publication, f"{program.name} comes from nowhere"
            continue
        assert program.recipe["check"], f"{program.name} must prove its version"
        assert set(program.recipe["check"]) <= set(program.binaries)
        if program.recipe["toolchain"] == "go":
            lock = (program.folder / "go.mod").read_text()
            for package in program.binaries.values():
                assert package in lock


def list_versions(name: str) -> dict[str, str]:
    """Versions by module that a recipe builds with."""
    required, _, _ = (FILES / "programs" / name / "go.mod").read_text().partition("\nexclude ")
    return dict(re.findall(r"^\t?(?:require )?(\S+) (v\S+)", required, re.MULTILINE))


@pytest.mark.parametrize("name", ["coredns", "etcd", "local-path-provisioner"])
def test_programs_share_the_modules_of_kubernetes(name):
    kubernetes, own = list_versions("kubernetes"), list_versions(name)
    # kubernetes/go.mod requires modules of its own folder staging as v0.0.0, a version that other modules cannot get.
    known = {module for module, version in kubernetes.items() if version != "v0.0.0"}
    shared = known & own.keys()
    assert len(shared) > 20
    assert {module: own[module] for module in shared} == {module: kubernetes[module] for module in shared}


GIB = 1 << 30


@pytest.mark.parametrize(
    ("memory", "cpus", "jobs", "limit"),
    [
        (24 * GIB, 2, 2, 3 * GIB),
        (16 * GIB, 2, 2, 2 * GIB),
        (15 * GIB, 2, 2, None),
        (4 * GIB, 2, 1, None),
        (64 * GIB, 32, 2, None),
    ],
)
def test_compilers_keep_their_garbage_where_memory_suffices(memory, cpus, jobs, limit):
    expected = {"GOGC": "off", "GOMEMLIMIT": str(limit)} if limit else {}
    assert share_memory_among_compilers(memory, cpus, jobs) == expected


def test_a_main_of_the_recipe_is_compiled_and_part_of_the_digest(tmp_path, go):
    folder = tmp_path / "programs" / "hello"
    write_go_program(folder)
    first = recipes.load_recipe(folder).digest
    (folder / "main.go").write_text("package main\n")
    assert recipes.load_recipe(folder).digest != first
    write_fake_go(go, f"grep -q '^package main' main.go || exit 2\n{GOOD}")
    assert run(tmp_path) == 0


def test_a_copied_source_is_cut(tmp_path, go, capsys):
    write_go_program(tmp_path / "programs" / "hello")
    recipe = tmp_path / "programs" / "hello" / "program.toml"
    cuts = """[source_copy]
module = "example.test/hello/v2"
[source_copy.cuts]
"store.go" = ['^\\t"stores/cloud"\\n', '^\\tif cloud \\{$.*?^\\t\\}\\n']
"""
    recipe.write_text(recipe.read_text() + cuts)
    source = tmp_path / "module"
    source.mkdir()
    (source / "store.go").write_text(
        'import (\n\t"stores/cloud"\n\t"stores/disk"\n)\n\tif cloud {\n\t\tx()\n\t}\n\treturn\n'
    )
    write_fake_go(
        go, f"case $1 in list) echo {source};; mod) ;; *) cp source/store.go {tmp_path}/compiled; {GOOD};; esac"
    )
    assert run(tmp_path) == 0
    assert (tmp_path / "compiled").read_text() == 'import (\n\t"stores/disk"\n)\n\treturn\n'

    recipe.write_text(recipe.read_text().replace("stores/cloud", "stores/clouds"))
    assert run(tmp_path) == 1
    assert "store.go: nothing to cut matches" in capsys.readouterr().err


def test_an_optional_program_is_built_if_it_is_named_with_what_it_shares(tmp_path, go, capsys):
    write_go_program(tmp_path / "programs" / "hello")
    write_go_program(tmp_path / "programs" / "extra")
    recipe = tmp_path / "programs" / "extra" / "program.toml"
    head = 'optional = true\nshared_module = "example.test/definitions"\n'
    recipe.write_text(f'{head}{recipe.read_text()}[share]\ncrds = "config/crds"\n')
    crds = tmp_path / "module/config/crds"
    crds.mkdir(parents=True)
    (crds / "routes.yaml").write_text("kind: Definition\n")
    write_fake_go(go, f"case $1 in list) echo {tmp_path}/module;; mod) ;; *) {GOOD};; esac")

    assert run(tmp_path) == 0
    assert not list((tmp_path / "cache/programs").glob("extra-*"))
    capsys.readouterr()
    for options, names in ((), ["hello"]), (("--optional=extra",), ["extra", "hello"]):
        assert run(tmp_path, "--status", *options) == 0
        assert [program["name"] for program in json.loads(capsys.readouterr().out)] == names
    assert run(tmp_path, "--optional=extra") == 0
    (folder,) = (tmp_path / "cache/programs").glob("extra-*")
    assert (folder / "share/crds/routes.yaml").read_text() == "kind: Definition\n"
    assert "mod download example.test/definitions" in (go / "calls").read_text()
    assert run(tmp_path, "--optional=extras") == 1
    assert "unknown program extras" in capsys.readouterr().err


def test_builds_once_and_reports(tmp_path, go, capsys):
    write_go_program(tmp_path / "programs" / "hello")
    write_fake_go(go, GOOD)
    assert run(tmp_path) == 0
    shown = capsys.readouterr().out
    assert "[1/1] hello 1.2.3 built in" in shown
    assert "1 of 1 programs ready in" in shown
    assert run(tmp_path) == 0
    assert "nothing to build" in capsys.readouterr().out
    assert (go / "calls").read_text().count("build -v") == 1

    assert run(tmp_path, "--print-bin=hello") == 0
    directory = Path(capsys.readouterr().out.strip())
    assert (directory / "hello").is_file()
    record = json.loads((directory.parent / "build.json").read_text())
    assert record["toolchain"] == "go1.30.1"
    assert not (tmp_path / "cache" / "programs" / "build").exists(), "intermediate caches are dropped when all is built"


def test_a_changed_lock_builds_again(tmp_path, go):
    write_go_program(tmp_path / "programs" / "hello")
    write_fake_go(go, GOOD)
    assert run(tmp_path) == 0
    (tmp_path / "programs" / "hello" / "go.sum").write_text("changed\n")
    assert run(tmp_path, "--print-bin=hello") == 3
    assert run(tmp_path) == 0
    assert (go / "calls").read_text().count("build -v") == 2


def test_a_failure_names_the_program_and_leaves_nothing_half_done(tmp_path, go, capsys):
    write_go_program(tmp_path / "programs" / "hello")
    write_fake_go(go, "echo 'hello.go:3: undefined: x' >&2; exit 2")
    assert run(tmp_path) == 1
    said = capsys.readouterr().err
    assert "hello 1.2.3" in said
    assert "undefined: x" in said
    assert "Next:" in said
    assert run(tmp_path, "--print-bin=hello") == 3
    write_fake_go(go, GOOD)
    assert run(tmp_path) == 0


def test_a_program_that_reports_another_version_is_refused(tmp_path, go, capsys):
    write_go_program(tmp_path / "programs" / "hello", version="9.9.9")
    write_fake_go(go, GOOD)
    assert run(tmp_path) == 1
    assert "does not say 9.9.9: hello v1.2.3" in capsys.readouterr().err
    assert run(tmp_path, "--print-bin=hello") == 3


def test_unknown_names_and_broken_recipes_are_named(tmp_path, capsys):
    write_go_program(tmp_path / "programs" / "hello")
    assert run(tmp_path, "--only=helo") == 1
    assert "unknown program helo; known: hello" in capsys.readouterr().err
    (tmp_path / "programs" / "hello" / "program.toml").write_text('version = "1"\ntoolchain = "basic"\n')
    assert run(tmp_path, "--status") == 1
    assert "toolchain is 'basic'" in capsys.readouterr().err


def test_an_interrupted_build_ends_its_compiler_and_continues_later(tmp_path, go):
    write_go_program(tmp_path / "programs" / "hello")
    write_fake_go(go, "exec sleep 60")
    command = [
        sys.executable,
        str(FILES / "build_programs.py"),
        f"--cache={tmp_path / 'cache'}",
        f"--programs={tmp_path / 'programs'}",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 20
        while not (go / "calls").exists() and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.2)
        begin = time.monotonic()
        process.terminate()
        assert process.wait(timeout=20) == 1
        assert time.monotonic() - begin < 10
        assert "continues where it stopped" in process.stderr.read()
    write_fake_go(go, GOOD)
    assert run(tmp_path) == 0


@pytest.fixture
def stubborn(tmp_path, monkeypatch):
    """Runs a command that ignores SIGTERM."""
    monkeypatch.setattr(runner, "TICK_SECONDS", 0.1)

    def run(started_by):
        command = ["sh", "-c", "trap '' TERM; sleep 600"]
        Task(started_by, "[1/1] hello", tmp_path / "log").run(command, "building")

    return run


def test_a_command_that_does_not_end_is_killed(stubborn, monkeypatch):
    monkeypatch.setattr(runner, "COMMAND_SECONDS", 0.5)
    with pytest.raises(BuildError, match=r"sh had not ended after .* and was killed"):
        stubborn(Runner())


def test_a_command_that_does_not_stop_is_killed(stubborn):
    started_by = Runner()
    threading.Timer(0.5, started_by.stop).start()
    with pytest.raises(BuildError, match="stopped"):
        stubborn(started_by)


def test_another_build_is_waited_for_with_a_limit(tmp_path, go, capsys, monkeypatch):
    monkeypatch.setattr(cache_folders, "LOCK_SECONDS", 1.0)
    write_go_program(tmp_path / "programs" / "hello")
    write_fake_go(go, GOOD)
    cache = tmp_path / "cache" / "programs"
    cache.mkdir(parents=True)
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert run(tmp_path) == 1
    said = capsys.readouterr()
    assert f"another build uses {cache}: waiting for it" in said.out
    assert f"fuser -v {cache}/.lock" in said.err
    assert run(tmp_path) == 0


def test_a_build_that_waits_for_another_one_can_be_stopped(tmp_path):
    stopped = Runner()
    stopped.stop()
    with (
        cache_folders.lock_cache(tmp_path, stopped),
        pytest.raises(BuildError, match="stopped"),
        cache_folders.lock_cache(tmp_path, stopped),
    ):
        pass


def test_a_closed_output_stops_the_build():
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    build = Runner(output=Closed())
    build.print_progress("anything")
    assert build.stopped.is_set()


def test_the_root_command_keeps_nothing_mounted(tmp_path):
    command, environment = make_chroot_command(
        tmp_path / "root", tmp_path / "build", ["cargo", "--version"], {"CARGO_HOME": "/x"}
    )
    assert command[:4] == ["unshare", "--mount", "--propagation", "private"]
    assert command[-2:] == ["cargo", "--version"]
    assert environment["CARGO_HOME"] == "/x"
    assert "SECRET" not in environment
