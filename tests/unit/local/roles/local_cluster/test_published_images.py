# SPDX-License-Identifier: Apache-2.0
"""Programs that are published in images: what is taken from a registry, what is refused, and what happens then."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Callable
from pathlib import Path

import build_programs
import pytest
from program_builder import downloads, recipes
from program_builder.publications import load_publication
from services import CACHE
from services.published_image import PublishedImage
from services.publisher import Publisher
from toy_program import GOOD, write_fake_go, write_go_program

PROGRAMS = Path(build_programs.__file__).parent / "programs"
REPOSITORY = "/v2/project/hello"
TAG = f"{REPOSITORY}/manifests/v1.2.3"
PUBLISHED = f"""
publisher = "https://registry.test"
tag = "v{{version}}"
[images]
"project/hello" = {{hello = "usr/bin/hello"}}
[machines]
{platform.machine()} = "test"
"""


def says(version: str) -> bytes:
    return f"#!/bin/sh\necho hello v{version}\n".encode()


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, publisher: Publisher) -> PublishedImage:
    """A program that can be built, and is published in the middle one of three layers."""
    write_go_program(tmp_path / "programs" / "hello")
    (tmp_path / "programs" / "hello" / "published.toml").write_text(PUBLISHED)
    write_fake_go(tmp_path / "fake", GOOD)
    monkeypatch.setenv("PATH", f"{tmp_path / 'fake'}:/usr/bin:/bin")
    image = PublishedImage(publisher, "project/hello", "v1.2.3")
    image.publish({"usr/bin/hello": says("0.0.1")}, {"./usr/bin/hello": says("1.2.3")}, {"etc/hello.conf": b""})
    return image


def run(tmp_path: Path, publisher: Publisher, source: str) -> int:
    return build_programs.main(
        [
            f"--cache={tmp_path / 'cache'}",
            f"--programs={tmp_path / 'programs'}",
            f"--mirror=https://registry.test={publisher.address}",
            f"--source={source}",
        ]
    )


def list_programs(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "cache/programs").iterdir() if path.name.startswith(("hello", ".new"))]


def test_the_last_layer_with_the_file_is_taken(tmp_path: Path, publisher: Publisher, image: PublishedImage) -> None:
    assert run(tmp_path, publisher, "published") == 0
    name = f"hello-published-1.2.3-{platform.machine()}"
    assert list_programs(tmp_path) == [name]
    folder = tmp_path / "cache/programs" / name
    assert (folder / "bin/hello").read_bytes() == says("1.2.3")
    digest = f"sha256:{hashlib.sha256(publisher.files[TAG]).hexdigest()}"
    assert json.loads((folder / "build.json").read_text())["published"] == {publisher.address + TAG: digest}
    assert image.blob(0) not in publisher.asked

    publisher.asked.clear()
    assert run(tmp_path, publisher, "published") == 0
    assert publisher.asked == []


def test_an_image_for_one_kind_of_machine_has_no_index(
    tmp_path: Path, publisher: Publisher, image: PublishedImage
) -> None:
    publisher.files[TAG] = image.make_manifest([image.layers[1]])
    assert run(tmp_path, publisher, "published") == 0


def test_a_token_stays_with_the_registry(tmp_path: Path, publisher: Publisher, image: PublishedImage) -> None:
    """The publisher refuses a request outside of /v2/ that has one."""
    publisher.moved[image.blob(1)] = f"{publisher.address}/elsewhere"
    publisher.files["/elsewhere"] = publisher.files[image.blob(1)]
    assert run(tmp_path, publisher, "published") == 0
    assert "/elsewhere" in publisher.asked


def change_a_byte(publisher: Publisher, path: str) -> None:
    body = publisher.files[path]
    publisher.files[path] = body[:-1] + bytes([body[-1] ^ 1])


def change_layer(publisher: Publisher, image: PublishedImage) -> None:
    change_a_byte(publisher, image.blob(1))


def change_manifest(publisher: Publisher, image: PublishedImage) -> None:
    change_a_byte(publisher, next(path for path in publisher.files if "/manifests/sha256:" in path))


def remove_tag(publisher: Publisher, image: PublishedImage) -> None:
    del publisher.files[TAG]


def remove_layer(publisher: Publisher, image: PublishedImage) -> None:
    del publisher.files[image.blob(1)]


def hang(publisher: Publisher, image: PublishedImage) -> None:
    publisher.hanging.add(image.blob(1))


def hang_at_the_probe(publisher: Publisher, image: PublishedImage) -> None:
    publisher.hanging.add("/v2/")


def halve_layer(publisher: Publisher, image: PublishedImage) -> None:
    publisher.halved.add(image.blob(1))


def answer_with_a_page(publisher: Publisher, image: PublishedImage) -> None:
    publisher.files[TAG] = b"<html>"


def answer_with_other_json(publisher: Publisher, image: PublishedImage) -> None:
    publisher.files[TAG] = b'{"errors": []}'


def leave_out_machine(publisher: Publisher, image: PublishedImage) -> None:
    image.publish({"usr/bin/hello": says("1.2.3")}, architecture="s390x")


def leave_out_file(publisher: Publisher, image: PublishedImage) -> None:
    image.publish({"usr/bin/other": b""})


def publish_no_archive(publisher: Publisher, image: PublishedImage) -> None:
    layer = image.store("blobs", b"<html>")
    publisher.files[TAG] = image.make_manifest([layer])


def publish_other_version(publisher: Publisher, image: PublishedImage) -> None:
    image.publish({"usr/bin/hello": says("9.9.9")})


def want_a_password(publisher: Publisher, image: PublishedImage) -> None:
    publisher.challenge = 'Basic realm="registry"'


def give_no_token(publisher: Publisher, image: PublishedImage) -> None:
    publisher.files["/token?service=registry.test&scope=pull"] = b"[]"


FAULTS: dict[Callable[[Publisher, PublishedImage], None], str] = {
    change_layer: r"/blobs/sha256:[0-9a-f]{64}: wrong checksum sha256:[0-9a-f]{64}",
    change_manifest: r"/manifests/sha256:[0-9a-f]{64}: wrong checksum sha256:[0-9a-f]{64}",
    remove_tag: r"/manifests/v1.2.3: answered 404",
    remove_layer: r"/blobs/sha256:[0-9a-f]{64}: answered 404",
    hang: r"/blobs/sha256:[0-9a-f]{64}: (silent for|no complete answer after)",
    hang_at_the_probe: r"/v2/: (silent for|no complete answer after)",
    halve_layer: r"/blobs/sha256:[0-9a-f]{64}: ended after \d+ of \d+ bytes",
    answer_with_a_page: r"/manifests/v1.2.3: not JSON",
    answer_with_other_json: r"/manifests/v1.2.3: not the manifest of an image",
    leave_out_machine: r"/manifests/v1.2.3: no image for linux/test",
    leave_out_file: r"/manifests/v1.2.3: the image has no file usr/bin/hello",
    publish_no_archive: r"/blobs/sha256:[0-9a-f]{64} cannot be unpacked",
    publish_other_version: r"does not say 1.2.3: hello v9.9.9",
    want_a_password: r"/manifests/v1.2.3: wants a password",
    give_no_token: r"/token: gave no token",
}


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.__name__)
def reason(
    request: pytest.FixtureRequest, publisher: Publisher, image: PublishedImage, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A fault; its pattern in the message."""
    monkeypatch.setattr(downloads, "STALL_SECONDS", 0.5)
    monkeypatch.setattr(downloads, "PROBE_SECONDS", 0.5)
    request.param(publisher, image)
    return FAULTS[request.param]


def test_auto_names_a_fault_and_builds(
    tmp_path: Path, publisher: Publisher, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, publisher, "auto") == 0
    shown = capsys.readouterr().out
    assert re.search(f"is built, since it cannot be taken from its publisher: .*{reason}", shown), shown
    assert list_programs(tmp_path) == [recipes.load_recipe(tmp_path / "programs/hello").build_directory(tmp_path).name]


def test_published_names_a_fault_and_refuses(
    tmp_path: Path, publisher: Publisher, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, publisher, "published") == 1
    assert re.search(f"not taken from its publisher: .*{reason}", capsys.readouterr().err)
    assert list_programs(tmp_path) == []


def test_a_binary_that_no_image_has_is_named(
    tmp_path: Path, publisher: Publisher, image: PublishedImage, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "programs/hello/published.toml"
    path.write_text(path.read_text().replace("{hello =", "{hallo ="))
    assert run(tmp_path, publisher, "auto") == 1
    assert "published.toml: no image has hello" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["local-path-provisioner", pytest.param("argo", marks=pytest.mark.long)])
def test_the_built_program_is_taken_when_a_registry_has_it(tmp_path: Path, publisher: Publisher, name: str) -> None:
    program = recipes.load_recipe(PROGRAMS / name)
    built = program.find_directory(CACHE / "programs", "built")
    if built is None:
        pytest.skip(f"{name} {program.version} is not built: make local builds it")
    assert program.publication
    for published in program.publication.images:
        files = {member: (built / "bin" / binary).read_bytes() for binary, member in published.members.items()}
        PublishedImage(publisher, published.repository, published.tag).publish(
            files, architecture=published.architecture
        )
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs" / name).symlink_to(program.folder)
    options = [f"--cache={tmp_path / 'cache'}", f"--programs={tmp_path / 'programs'}", "--source=published"]
    assert build_programs.main([*options, f"--mirror={program.publication.publisher}={publisher.address}"]) == 0
    taken = program.download_directory(tmp_path / "cache/programs")
    for path in [path for path in built.rglob("*") if path.is_file() and path.name != "build.json"]:
        assert (taken / path.relative_to(built)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "binary", "publisher", "repository", "tag"),
    [
        ("argo", "argo", "https://quay.io", "argoproj/argocli", "v1.2.3"),
        ("argo", "argoexec", "https://quay.io", "argoproj/argoexec", "v1.2.3"),
        ("argo", "workflow-controller", "https://quay.io", "argoproj/workflow-controller", "v1.2.3"),
        (
            "local-path-provisioner",
            "local-path-provisioner",
            "https://registry-1.docker.io",
            "rancher/local-path-provisioner",
            "v1.2.3",
        ),
    ],
)
def test_addresses_of_the_images(name: str, binary: str, publisher: str, repository: str, tag: str) -> None:
    publication = load_publication(PROGRAMS / name / "published.toml", "1.2.3", [binary], "x86_64")
    assert publication
    assert publication.publisher == publisher
    found = [
        (image.repository, image.tag, image.architecture) for image in publication.images if binary in image.members
    ]
    assert found == [(repository, tag, "amd64")]
