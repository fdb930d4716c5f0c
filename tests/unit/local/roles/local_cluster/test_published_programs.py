# SPDX-License-Identifier: Apache-2.0
"""Published programs: what is taken from a publisher, what is refused, and what happens then."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import time
from pathlib import Path

import build_programs
import pytest
from program_builder import downloads, recipes
from program_builder.publications import find_checksum, load_publication
from services import CACHE
from services.published_image import pack_files
from toy_program import GOOD, write_fake_go, write_go_program

PROGRAMS = Path(build_programs.__file__).parent / "programs"
HELLO = b"#!/bin/sh\necho hello v1.2.3\n"
ARCHIVE = "/hello/v1.2.3/hello-linux-test.tar.gz"
CHECKSUMS = "/hello/v1.2.3/SHA256SUMS"
PUBLISHED = f"""
publisher = "https://publisher.test"
file = "/hello/v{{version}}/hello-linux-{{machine}}.tar.gz"
checksum = "/hello/v{{version}}/SHA256SUMS"
member = "hello-v{{version}}/{{binary}}"
[machines]
{platform.machine()} = "test"
"""


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.fixture
def hello(tmp_path, monkeypatch, publisher):
    """A program that is published and can be built."""
    folder = tmp_path / "programs" / "hello"
    write_go_program(folder)
    (folder / "published.toml").write_text(PUBLISHED)
    write_fake_go(tmp_path / "fake", GOOD)
    monkeypatch.setenv("PATH", f"{tmp_path / 'fake'}:/usr/bin:/bin")
    archive = pack_files({"hello-v1.2.3/hello": HELLO, "hello-v1.2.3/README": b"hello"})
    publisher.files = {ARCHIVE: archive, CHECKSUMS: f"{digest(archive)}  hello-linux-test.tar.gz\n".encode()}
    return folder


def run(tmp_path: Path, publisher, *arguments: str) -> int:
    return build_programs.main(
        [
            f"--cache={tmp_path / 'cache'}",
            f"--programs={tmp_path / 'programs'}",
            f"--mirror=https://publisher.test={publisher.address}",
            *arguments,
        ]
    )


def list_cache(tmp_path: Path) -> list[str]:
    return sorted(
        path.name for path in (tmp_path / "cache" / "programs").iterdir() if path.name not in (".lock", "log")
    )


@pytest.mark.parametrize("source", ["auto", "published"])
def test_takes_what_is_published(tmp_path, publisher, hello, capsys, source):
    assert run(tmp_path, publisher, f"--source={source}") == 0
    assert "[1/1] hello 1.2.3 downloaded in" in capsys.readouterr().out
    name = f"hello-published-1.2.3-{platform.machine()}"
    assert list_cache(tmp_path) == [name]
    folder = tmp_path / "cache" / "programs" / name
    assert sorted(path.name for path in folder.iterdir()) == ["bin", "build.json"]
    assert (folder / "bin" / "hello").read_bytes() == HELLO
    record = json.loads((folder / "build.json").read_text())
    assert record["published"] == {publisher.address + ARCHIVE: digest(publisher.files[ARCHIVE])}

    assert run(tmp_path, publisher, f"--source={source}", "--status") == 0
    status = json.loads(capsys.readouterr().out)[0]
    assert status["built"]
    assert status["directory"] == str(folder)
    assert status["tag"] == f"1.2.3-{record['digest']}"

    publisher.asked.clear()
    assert run(tmp_path, publisher, f"--source={source}") == 0
    assert publisher.asked == []


def test_builds_when_told_to_and_asks_nobody(tmp_path, publisher, hello):
    assert run(tmp_path, publisher, "--source=auto") == 0
    publisher.asked.clear()
    assert run(tmp_path, publisher, "--source=built") == 0
    assert publisher.asked == []
    assert len(list_cache(tmp_path)) == 2
    # From here on the built one is taken, unless only published ones are wanted.
    built = recipes.load_recipe(hello)
    cache = tmp_path / "cache" / "programs"
    assert built.find_directory(cache, "auto") == built.build_directory(cache)
    assert built.find_directory(cache, "published") == built.download_directory(cache)


def test_published_toml_is_not_part_of_the_digest(hello):
    before = recipes.load_recipe(hello).digest
    (hello / "published.toml").unlink()
    assert recipes.load_recipe(hello).digest == before


def break_checksum(publisher, folder):
    publisher.files[CHECKSUMS] = f"{'0' * 64}  hello-linux-test.tar.gz\n".encode()


def remove_file(publisher, folder):
    del publisher.files[ARCHIVE]


def remove_checksums(publisher, folder):
    del publisher.files[CHECKSUMS]


def name_other_file(publisher, folder):
    publisher.files[CHECKSUMS] = f"{'0' * 64}  other.tar.gz\n".encode()


def halve_file(publisher, folder):
    publisher.halved.add(ARCHIVE)


def hang(publisher, folder):
    publisher.hanging.add(ARCHIVE)


def hang_at_the_probe(publisher, folder):
    publisher.hanging.add(CHECKSUMS)


def replace_archive(publisher, archive):
    publisher.files[ARCHIVE] = archive
    publisher.files[CHECKSUMS] = digest(archive).encode()


def leave_out_member(publisher, folder):
    replace_archive(publisher, pack_files({"hello-v1.2.3/README": b"hello"}))


def publish_no_archive(publisher, folder):
    replace_archive(publisher, b"<html>")


def publish_other_version(publisher, folder):
    replace_archive(publisher, pack_files({"hello-v1.2.3/hello": b"#!/bin/sh\necho hello v9.9.9\n"}))


def expect_other_file(publisher, folder):
    with (folder / "published.toml").open("a") as file:
        file.write(f'[sha256]\n"{ARCHIVE}" = "{"1" * 64}"\n')


FAULTS = {
    break_checksum: r"wrong checksum [0-9a-f]{64}; .*SHA256SUMS says 0{64}",
    remove_file: r"hello-linux-test.tar.gz: answered 404",
    remove_checksums: r"SHA256SUMS: answered 404",
    name_other_file: r"SHA256SUMS: no SHA-256 of hello-linux-test.tar.gz",
    halve_file: r"hello-linux-test.tar.gz: ended after \d+ of \d+ bytes",
    hang: r"hello-linux-test.tar.gz: (silent for|no complete answer after)",
    hang_at_the_probe: r"SHA256SUMS: (silent for|no complete answer after)",
    leave_out_member: r"hello-linux-test.tar.gz has no file hello-v1.2.3/hello",
    publish_no_archive: r"hello-linux-test.tar.gz cannot be unpacked",
    publish_other_version: r"does not say 1.2.3: hello v9.9.9",
    expect_other_file: r"wrong checksum [0-9a-f]{64}; published.toml says 1{64}",
}


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.__name__)
def reason(request, publisher, hello, monkeypatch):
    """A fault; its pattern in the message."""
    monkeypatch.setattr(downloads, "STALL_SECONDS", 0.5)
    monkeypatch.setattr(downloads, "PROBE_SECONDS", 0.5)
    request.param(publisher, hello)
    return FAULTS[request.param]


def test_auto_names_a_fault_and_builds(tmp_path, publisher, reason, capsys):
    assert run(tmp_path, publisher, "--source=auto") == 0
    shown = capsys.readouterr().out
    assert re.search(f"is built, since it cannot be taken from its publisher: .*{reason}", shown)
    assert list_cache(tmp_path) == [recipes.load_recipe(tmp_path / "programs" / "hello").build_directory(tmp_path).name]


def test_published_names_a_fault_and_refuses(tmp_path, publisher, reason, capsys):
    assert run(tmp_path, publisher, "--source=published") == 1
    shown = capsys.readouterr().err
    assert re.search(f"not taken from its publisher: .*{reason}", shown)
    assert "local_cluster_mirrors: {https://publisher.test: https://…}" in shown
    assert "local_cluster_programs_source: auto" in shown
    assert list_cache(tmp_path) == []


def test_a_slow_server_has_a_limit(tmp_path, publisher, hello, monkeypatch, capsys):
    publisher.hanging.add(ARCHIVE)
    monkeypatch.setattr(downloads, "DOWNLOAD_SECONDS", 0.5)
    begin = time.monotonic()
    assert run(tmp_path, publisher, "--source=published") == 1
    assert time.monotonic() - begin < 5
    assert "no complete answer after 0 s" in capsys.readouterr().err


def test_publishers_are_asked_once_and_at_the_same_time(tmp_path, publisher, hello, monkeypatch, capsys):
    monkeypatch.setattr(downloads, "PROBE_SECONDS", 1.0)
    mirrors = []
    for name in ("one", "two", "three"):
        for program in (name, f"{name}-again"):
            folder = tmp_path / "programs" / program
            write_go_program(folder)
            (folder / "published.toml").write_text(PUBLISHED.replace("publisher.test", f"{name}.test"))
        publisher.hanging.add(f"/{name}{CHECKSUMS}")
        mirrors.append(f"--mirror=https://{name}.test={publisher.address}/{name}")
    begin = time.monotonic()
    assert run(tmp_path, publisher, *mirrors, "--source=auto") == 0
    assert time.monotonic() - begin < 2.5
    assert "publishers that answer: https://publisher.test\n" in capsys.readouterr().out
    assert sorted(path for path in publisher.asked if path.startswith(("/one", "/two", "/three"))) == [
        f"/one{CHECKSUMS}",
        f"/three{CHECKSUMS}",
        f"/two{CHECKSUMS}",
    ]


def test_a_program_that_nobody_publishes_is_built(tmp_path, publisher, hello):
    (hello / "published.toml").write_text(PUBLISHED.replace(f"{platform.machine()} =", "s390x ="))
    with pytest.raises(SystemExit):
        run(tmp_path, publisher, "--source=elsewhere")
    cache = f"--cache={tmp_path / 'cache'}"
    assert build_programs.main([cache, f"--programs={tmp_path / 'programs'}", "--source=published"]) == 0
    assert publisher.asked == []


def test_mirrors_of_unknown_publishers_are_refused(tmp_path, publisher, hello, capsys):
    assert run(tmp_path, publisher, "--mirror=https://dl.test=https://mirror.test") == 1
    shown = capsys.readouterr().err
    assert "a mirror is set for https://dl.test" in shown
    assert "publishers: https://publisher.test" in shown
    with pytest.raises(SystemExit):
        run(tmp_path, publisher, "--mirror=https://dl.test=nowhere")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A" * 64 + "\n", "a" * 64),
        (f"{'a' * 64}  x.tgz\n{'b' * 64} *release/y.tgz\n", "b" * 64),
        (f"{'a' * 64}\n{'b' * 64}\n", None),
        (f"{'a' * 64}  x.tgz\n", None),
        ("Not Found", None),
        ("", None),
    ],
)
def test_checksum_files_are_read(text, found):
    assert find_checksum(text, "y.tgz") == found


def test_an_incomplete_publication_is_named(tmp_path, publisher, hello, capsys):
    (hello / "published.toml").write_text('publisher = "https://publisher.test"\n')
    assert run(tmp_path, publisher, "--status") == 1
    assert "published.toml: checksum, file, machines missing" in capsys.readouterr().err


def publish_built_program(publisher, name: str) -> recipes.Program:
    """Serve a program of this machine's cache under the paths and names of its publisher."""
    program = recipes.load_recipe(PROGRAMS / name)
    built = program.find_directory(CACHE / "programs", "built")
    if built is None:
        pytest.skip(f"{name} {program.version} is not built: make local builds it")
    sums: dict[str, str] = {}
    for published in program.publication.files:
        binaries = {binary: (built / "bin" / binary).read_bytes() for binary in published.members}
        members = {published.members[binary]: body for binary, body in binaries.items()}
        body = members[None] if None in members else pack_files(members)
        publisher.files[published.path] = body
        line = f"{digest(body)}  {Path(published.path).name}\n"
        sums[published.checksum_path] = sums.get(published.checksum_path, "") + line
    publisher.files.update({path: text.encode() for path, text in sums.items()})
    return program


@pytest.mark.parametrize(
    "name", ["helm", *(pytest.param(name, marks=pytest.mark.long) for name in ("kubernetes", "etcd", "coredns"))]
)
def test_the_built_program_is_taken_when_a_publisher_has_it(tmp_path, publisher, name, monkeypatch):
    program = publish_built_program(publisher, name)
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / name).symlink_to(program.folder)
    options = [f"--cache={tmp_path / 'cache'}", f"--programs={tmp_path / 'programs'}", "--source=published"]
    assert build_programs.main([*options, f"--mirror={program.publication.publisher}={publisher.address}"]) == 0
    taken = program.find_directory(tmp_path / "cache" / "programs", "published")
    for binary in program.binaries:
        built = program.build_directory(CACHE / "programs") / "bin" / binary
        assert (taken / "bin" / binary).read_bytes() == built.read_bytes()


@pytest.mark.parametrize(
    ("name", "binary", "file", "checksum", "member"),
    [
        (
            "kubernetes",
            "kubelet",
            "https://dl.k8s.io/v1.2.3/bin/linux/amd64/kubelet",
            "https://dl.k8s.io/v1.2.3/bin/linux/amd64/kubelet.sha256",
            None,
        ),
        (
            "etcd",
            "etcdctl",
            "https://github.com/etcd-io/etcd/releases/download/v1.2.3/etcd-v1.2.3-linux-amd64.tar.gz",
            "https://github.com/etcd-io/etcd/releases/download/v1.2.3/SHA256SUMS",
            "etcd-v1.2.3-linux-amd64/etcdctl",
        ),
        (
            "helm",
            "helm",
            "https://get.helm.sh/helm-v1.2.3-linux-amd64.tar.gz",
            "https://get.helm.sh/helm-v1.2.3-linux-amd64.tar.gz.sha256",
            "linux-amd64/helm",
        ),
        (
            "coredns",
            "coredns",
            "https://github.com/coredns/coredns/releases/download/v1.2.3/coredns_1.2.3_linux_amd64.tgz",
            "https://github.com/coredns/coredns/releases/download/v1.2.3/coredns_1.2.3_linux_amd64.tgz.sha256",
            "coredns",
        ),
    ],
)
def test_addresses_of_the_publishers(name, binary, file, checksum, member):
    publication = load_publication(PROGRAMS / name / "published.toml", "1.2.3", [binary], "x86_64")
    published = publication.files[0]
    assert publication.publisher + published.path == file
    assert publication.publisher + published.checksum_path == checksum
    assert published.members == {binary: member}


def test_other_kinds_of_machines_have_other_files():
    path = PROGRAMS / "helm" / "published.toml"
    assert load_publication(path, "3.22.0", ["helm"], "aarch64").files[0].members == {"helm": "linux-arm64/helm"}
    assert load_publication(path, "3.22.0", ["helm"], "riscv64") is None
