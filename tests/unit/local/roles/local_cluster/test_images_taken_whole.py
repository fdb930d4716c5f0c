# SPDX-License-Identifier: Apache-2.0
"""Images that are taken whole: what is kept of them, what is refused, and what is made instead."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import build_programs
import pytest
from cluster_node import images
from cluster_node.published_images import load_image
from cluster_node.settings import NodeError, Settings
from program_builder import downloads, recipes
from program_builder.publications import load_publication
from services.published_image import PublishedImage
from services.publisher import Publisher
from toy_program import GOOD, write_fake_go, write_go_program

PROGRAMS = Path(build_programs.__file__).parent / "programs"
PUBLISHED = f"""
publisher = "https://registry.test"
tag = "{{version}}"
whole = true
[images]
"project/hello" = {{members}}
[machines]
{platform.machine()} = "test"
"""
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="binaries of an image are run in its root, as root")


def read_shell() -> dict[str, bytes]:
    """The files of this machine that a shell script needs."""
    shell = Path("/bin/sh").resolve()
    found = subprocess.run(["ldd", shell], capture_output=True, text=True, check=True, timeout=30).stdout
    libraries = re.findall(r"(/\S+) \(0x", found)
    return {"bin/sh": shell.read_bytes(), **{path.lstrip("/"): Path(path).read_bytes() for path in libraries}}


def says(version: str) -> dict[str, bytes]:
    return {"usr/bin/hello": f"#!/bin/sh\necho hello v{version}\n".encode()}


@pytest.fixture
def image(publisher: Publisher) -> PublishedImage:
    image = PublishedImage(publisher, "project/hello", "1.2.3")
    image.publish({**read_shell(), **says("0.0.1")}, says("1.2.3"))
    return image


@pytest.fixture
def program(tmp_path: Path, image: PublishedImage, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that can be built, and that is published in an image with its libraries."""
    folder = tmp_path / "programs/hello"
    write_go_program(folder)
    (folder / "published.toml").write_text(PUBLISHED.replace("{members}", '{hello = "usr/bin/hello"}'))
    write_fake_go(tmp_path / "fake", GOOD)
    monkeypatch.setenv("PATH", f"{tmp_path / 'fake'}:/usr/sbin:/usr/bin:/sbin:/bin")
    return folder


@pytest.fixture
def system(tmp_path: Path, image: PublishedImage) -> Path:
    """An image without a program, which nobody compiles."""
    folder = tmp_path / "programs/system"
    folder.mkdir(parents=True)
    (folder / "program.toml").write_text('version = "1.2.3"\ntoolchain = "none"\n')
    (folder / "published.toml").write_text(PUBLISHED.replace("{members}", "{}"))
    return folder


def run(tmp_path: Path, publisher: Publisher, source: str, *arguments: str) -> int:
    return build_programs.main(
        [
            f"--cache={tmp_path / 'cache'}",
            f"--programs={tmp_path / 'programs'}",
            f"--mirror=https://registry.test={publisher.address}",
            f"--source={source}",
            *arguments,
        ]
    )


def list_cache(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache/programs").iterdir() if path.name not in (".lock", "log"))


def read_status(
    tmp_path: Path, publisher: Publisher, capsys: pytest.CaptureFixture[str], source: str
) -> dict[str, Any]:
    capsys.readouterr()
    assert run(tmp_path, publisher, source, "--status") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)[0]
    return found


def test_a_program_is_kept_with_the_system_around_it(
    tmp_path: Path, publisher: Publisher, image: PublishedImage, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, publisher, "published") == 0
    folder = tmp_path / f"cache/programs/hello-published-1.2.3-{platform.machine()}"
    assert list_cache(tmp_path) == [folder.name]
    blobs = {path.name: publisher.files[f"/v2/project/hello/blobs/{digest}"] for path, digest in zip(
        [folder / "image/config.json", folder / "image/layer-1", folder / "image/layer-2"],
        [image.config, *image.layers], strict=True,
    )}  # fmt: skip
    assert {name: (folder / "image" / name).read_bytes() for name in blobs} == blobs
    status = read_status(tmp_path, publisher, capsys, "published")
    assert (status["built"], status["image"], status["binaries"]) == (True, str(folder / "image"), [])
    publisher.asked.clear()
    assert run(tmp_path, publisher, "auto") == 0
    assert publisher.asked == []


def test_an_image_without_a_program_is_kept(
    tmp_path: Path, publisher: Publisher, system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read_status(tmp_path, publisher, capsys, "auto")
    assert (before["built"], before["image"]) == (True, ""), "the role can make it, so nothing is missing"
    assert run(tmp_path, publisher, "built") == 0
    assert publisher.asked == []
    assert run(tmp_path, publisher, "auto") == 0
    assert Path(read_status(tmp_path, publisher, capsys, "auto")["image"]).is_dir()
    assert read_status(tmp_path, publisher, capsys, "built")["image"] == ""


def change_layer(publisher: Publisher, image: PublishedImage) -> None:
    body = publisher.files[image.blob(1)]
    publisher.files[image.blob(1)] = body[:-1] + bytes([body[-1] ^ 1])


def remove_layer(publisher: Publisher, image: PublishedImage) -> None:
    del publisher.files[image.blob(1)]


def remove_configuration(publisher: Publisher, image: PublishedImage) -> None:
    del publisher.files[f"/v2/project/hello/blobs/{image.config}"]


def hang(publisher: Publisher, image: PublishedImage) -> None:
    publisher.hanging.add(image.blob(1))


def halve_layer(publisher: Publisher, image: PublishedImage) -> None:
    publisher.halved.add(image.blob(1))


def hang_at_the_probe(publisher: Publisher, image: PublishedImage) -> None:
    publisher.hanging.add("/v2/")


def publish_other_version(publisher: Publisher, image: PublishedImage) -> None:
    image.publish({**read_shell(), **says("9.9.9")})


def leave_out_libraries(publisher: Publisher, image: PublishedImage) -> None:
    image.publish(says("1.2.3"))


Fault = Callable[[Publisher, PublishedImage], None]
FAULTS: dict[Fault, str] = {
    change_layer: r"/blobs/sha256:[0-9a-f]{64}: wrong checksum sha256:[0-9a-f]{64}",
    remove_layer: r"/blobs/sha256:[0-9a-f]{64}: answered 404",
    remove_configuration: r"/blobs/sha256:[0-9a-f]{64}: answered 404",
    hang: r"/blobs/sha256:[0-9a-f]{64}: (silent for|no complete answer after)",
    halve_layer: r"/blobs/sha256:[0-9a-f]{64}: ended after \d+ of \d+ bytes",
    hang_at_the_probe: r"/v2/: (silent for|no complete answer after)",
}
UNFIT: dict[Fault, str] = {
    publish_other_version: "hello --version does not say 1.2.3: hello v9.9.9",
    leave_out_libraries: "hello --version does not say 1.2.3: ",
}


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "STALL_SECONDS", 0.5)
    monkeypatch.setattr(downloads, "PROBE_SECONDS", 0.5)


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("fault", [*FAULTS, *UNFIT], ids=lambda fault: fault.__name__)
def test_a_program_that_cannot_be_taken_is_built(
    tmp_path: Path, publisher: Publisher, image: PublishedImage, program: Path, fault: Fault,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    fault(publisher, image)
    assert run(tmp_path, publisher, "auto") == 0
    shown = capsys.readouterr().out
    assert re.search(f"is built, since it cannot be taken from its publisher: .*{(FAULTS | UNFIT)[fault]}", shown), (
        shown
    )
    assert list_cache(tmp_path) == [recipes.load_recipe(program).build_directory(tmp_path).name]


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_an_image_that_cannot_be_taken_is_left_to_the_role(
    tmp_path: Path, publisher: Publisher, image: PublishedImage, system: Path, fault: Fault,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    fault(publisher, image)
    assert run(tmp_path, publisher, "auto") == 0
    shown = capsys.readouterr().out
    assert re.search(f"system 1.2.3 is made by the role later: .*{FAULTS[fault]}", shown), shown
    assert "0 of 1 programs ready" in shown
    assert run(tmp_path, publisher, "published") == 1
    assert re.search(f"not taken from its publisher: .*{FAULTS[fault]}", capsys.readouterr().err)
    assert list_cache(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "publisher", "repository", "tag"),
    [
        ("martin", "https://ghcr.io", "maplibre/martin", "1.2.3"),
        ("debian", "https://registry-1.docker.io", "library/debian", "1.2.3"),
    ],
)
def test_addresses_of_the_images(name: str, publisher: str, repository: str, tag: str) -> None:
    publication = load_publication(PROGRAMS / name / "published.toml", "1.2.3", [], "aarch64")
    assert publication
    assert (publication.publisher, publication.is_taken_whole) == (publisher, True)
    assert [(found.repository, found.tag, found.architecture) for found in publication.images] == [
        (repository, tag, "arm64")
    ]


def describe(name: str, version: str, folder: Path | None) -> dict[str, Any]:
    return {"name": name, "version": version, "digest": "0123456789ab", "image": str(folder or "")}


@pytest.mark.parametrize("reason", ["", "certificates", "suite", "mirror", "nothing is published"])
def test_the_published_base_is_taken_where_it_is_what_is_wanted(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    monkeypatch.setattr(images, "EXTRA_CA_DIRECTORY", tmp_path / "certificates")
    (tmp_path / "certificates").mkdir()
    folder = None if reason == "nothing is published" else tmp_path / "image"
    settings = dataclasses.replace(settings, programs=[describe("debian", "trixie-slim", folder)])
    if reason == "certificates":
        (tmp_path / "certificates/site.crt").write_text("one")
    elif reason == "suite":
        settings = dataclasses.replace(settings, debian_suite="forky")
    elif reason == "mirror":
        settings = dataclasses.replace(settings, debian_mirror="http://mirror.example.org/debian")
    assert (images.find_published_base(settings) is None) == bool(reason)
    assert (images.compute_base_recipe_digest(settings) == "0123456789ab") == (not reason)


def test_martin_is_taken_or_put_on_the_base(settings: Settings, tmp_path: Path) -> None:
    settings = dataclasses.replace(settings, programs=[describe("martin", "1.14.0", None)])
    built = images.describe_martin_image(settings, tmp_path)
    settings = dataclasses.replace(settings, programs=[describe("martin", "1.14.0", tmp_path)])
    taken = images.describe_martin_image(settings, tmp_path)
    assert built.dockerfile.startswith(f"FROM {settings.base_image}\n")
    assert built.published is None
    assert taken.published == tmp_path
    assert (built.reference, taken.reference) == (settings.martin_image, settings.martin_image)
    assert built.recipe_digest != taken.recipe_digest


def test_docker_that_refuses_an_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "image").mkdir()
    (tmp_path / "image/config.json").write_text("{}")

    class Client:
        def load_image(self, _archive: Any) -> list[dict[str, str]]:
            return [{"stream": "loading"}, {"error": "no space"}]

    with pytest.raises(NodeError, match="load r:5000/x:1: no space"):
        load_image(Client(), tmp_path / "image", "r:5000/x:1")
