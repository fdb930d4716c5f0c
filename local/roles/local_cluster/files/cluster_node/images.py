# SPDX-License-Identifier: Apache-2.0
"""Builds the images that the cluster itself needs, or loads published ones, and pushes them to the local registry."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cluster_node.commands import run_command, wait_until
from cluster_node.docker_answers import split_reference, wait_for_docker
from cluster_node.private_files import write_private_file
from cluster_node.published_images import find_published_image, load_image
from cluster_node.settings import NodeError, Settings

EXTRA_CA_DIRECTORY = Path("/usr/local/share/ca-certificates")
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
# Options of dpkg that leave out documentation and translations, as Debian's slim images do.
SLIM = (
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/lintian/*",
)


@dataclass(frozen=True)
class Image:
    """An image to build: reference, Dockerfile, and the files that it copies, by the names that it has for them.

    One that is published is loaded from its folder instead.
    """

    reference: str
    dockerfile: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)
    inputs: str = ""
    published: Path | None = None

    @property
    def recipe_digest(self) -> str:
        digest = hashlib.sha256(f"{self.dockerfile}\0{self.inputs}\0".encode())
        for name in sorted(self.files):
            digest.update(name.encode() + b"\0")
        return digest.hexdigest()[:12]


def get_registry_status(registry: str, method: str, path: str) -> int:
    """Return the HTTP status of a request to a registry without TLS; 0 when it does not answer."""
    connection = http.client.HTTPConnection(registry, timeout=10)
    try:
        connection.request(method, path, headers={"Accept": MANIFEST_TYPE})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _is_in_registry(reference: str) -> bool:
    """Return whether the registry in an image's reference has the image."""
    registry, repository, tag = split_reference(reference)
    return get_registry_status(registry, "HEAD", f"/v2/{repository}/manifests/{tag}") == 200


def _list_extra_certificates() -> list[Path]:
    """Return the files of CA certificates that an administrator added to those of Debian on this machine."""
    return sorted(EXTRA_CA_DIRECTORY.glob("**/*.crt"))


def find_published_base(settings: Settings) -> Mapping[str, Any] | None:
    """Return the published base image; None when there is none, or when it is not what the settings ask for.

    It has no CA certificates of this machine.
    """
    published = find_published_image(settings, "debian")
    if not published or settings.debian_mirror or _list_extra_certificates():
        return None
    return published if published["version"] == f"{settings.debian_suite}-slim" else None


def compute_base_recipe_digest(settings: Settings) -> str:
    """Return a digest of everything that determines the content of the base image."""
    if published := find_published_base(settings):
        return str(published["digest"])
    digest = hashlib.sha256()
    for part in ("2", settings.debian_suite, settings.debian_mirror, *SLIM):
        digest.update(part.encode() + b"\0")
    for path in _list_extra_certificates():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _make_base_archive(settings: Settings) -> Path:
    """Make a minimal Debian with this machine's extra CA certificates, unless it is cached; return the tar archive."""
    target = settings.cache / "base" / f"{settings.debian_suite}-{compute_base_recipe_digest(settings)}.tar"
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".new-{target.name}")
    temporary.unlink(missing_ok=True)
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=tar", "--include=ca-certificates"]
    command += [f"--dpkgopt={option}" for option in SLIM]
    # Numbered names, so that certificates from several folders do not replace each other.
    for number, path in enumerate(_list_extra_certificates()):
        command.append(f'--customize-hook=cp "{path}" "$1{EXTRA_CA_DIRECTORY}/local-{number}.crt"')
    command += ['--customize-hook=chroot "$1" update-ca-certificates', settings.debian_suite, str(temporary)]
    if settings.debian_mirror:
        command.append(settings.debian_mirror)
    print(f"making the base image: Debian {settings.debian_suite} (about 30 s)", flush=True)
    begin = time.monotonic()
    log = settings.state / "log" / "base-image.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False, timeout=1800
        ).returncode
    if code != 0:
        end = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise NodeError(f"mmdebstrap ended with {code}; the end of {log}:\n{end}")
    temporary.replace(target)
    print(f"base image made in {time.monotonic() - begin:.0f} s", flush=True)
    return target


def get_program_entry(settings: Settings, name: str) -> Mapping[str, Any]:
    """Return the entry of a program in the list of build_programs.py."""
    return next(item for item in settings.programs if item["name"] == name)


def _list_cluster_images(settings: Settings) -> list[Image]:
    """Return the images that the cluster needs and Docker builds: pause, CoreDNS, local-path-provisioner, Martin."""
    catatonit = shutil.which("catatonit") or "/usr/bin/catatonit"
    version = run_command(["dpkg-query", "--show", "--showformat=${Version}", "catatonit"], check=False).stdout
    binaries = settings.state / "bin"
    images = [
        Image(
            f"{settings.registry}/cosmogony/pause:catatonit",
            'FROM scratch\nCOPY catatonit /catatonit\nENTRYPOINT ["/catatonit", "-P"]\n',
            {"catatonit": Path(catatonit)},
            version,
        )
    ]
    for name in ("coredns", "local-path-provisioner"):
        built = get_program_entry(settings, name)
        images.append(
            Image(
                f"{settings.registry}/cosmogony/{name}:{built['tag']}",
                f'FROM scratch\nCOPY {name} /{name}\nENTRYPOINT ["/{name}"]\n',
                {name: binaries / name},
                built["digest"],
            )
        )
    return [*images, describe_martin_image(settings, binaries)]


def describe_martin_image(settings: Settings, binaries: Path) -> Image:
    """Return the image of Martin: the published one, or the base image with the program that was built."""
    martin = get_program_entry(settings, "martin")
    if find_published_image(settings, "martin"):
        return Image(settings.martin_image, inputs=martin["digest"], published=Path(martin["image"]))
    return Image(
        settings.martin_image,
        f"FROM {settings.base_image}\n"
        "COPY martin /usr/local/bin/martin\n"
        f'LABEL org.opencontainers.image.title="martin" org.opencontainers.image.version="{martin["version"]}"\n'
        "USER 10001:10001\n"
        'ENTRYPOINT ["/usr/local/bin/martin"]\n',
        {"martin": binaries / "martin"},
        f"{martin['digest']} {compute_base_recipe_digest(settings)}",
    )


def build_image(client: Any, image: Image) -> None:
    """Build an image from a temporary folder with its Dockerfile and files."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text(image.dockerfile, encoding="utf-8")
        for name, path in image.files.items():
            shutil.copy(path, Path(folder, name))
        stream = client.build(path=folder, tag=image.reference, rm=True, forcerm=True, decode=True)
        wait_for_docker(stream, f"build {image.reference}")


def _push_image(client: Any, reference: str) -> None:
    """Push an image to its registry."""
    registry, repository, tag = split_reference(reference)
    wait_for_docker(client.push(f"{registry}/{repository}", tag=tag, stream=True, decode=True), f"push {reference}")


def _import_base(client: Any, settings: Settings, archive: Path) -> None:
    """Import the base image from its archive."""
    registry, repository, tag = split_reference(settings.base_image)
    changes = [
        'CMD ["bash"]',
        "ENV LANG=C.UTF-8",
        f"LABEL org.opencontainers.image.title=debian org.opencontainers.image.version={settings.debian_suite}",
        f"LABEL cosmogony.stack.recipe={compute_base_recipe_digest(settings)}",
    ]
    with archive.open("rb") as stream:
        answer = client.import_image_from_data(stream, repository=f"{registry}/{repository}", tag=tag, changes=changes)
    if "error" in answer:
        raise NodeError(f"import {settings.base_image}: {answer.strip()}")


def push_base(client: Any, settings: Settings) -> None:
    """Push the base image, under its tag and under the digest of its recipe."""
    registry, repository, tag = split_reference(settings.base_image)
    recipe = compute_base_recipe_digest(settings)
    client.tag(settings.base_image, f"{registry}/{repository}", f"{tag}-{recipe}")
    for name in (settings.base_image, f"{settings.base_image}-{recipe}"):
        _push_image(client, name)


def _connect_docker(settings: Settings) -> Any:
    """Return a client of the cluster's Docker daemon; waits 60 seconds at most for the daemon to start."""
    import docker  # a library of the controller's Python, needed by the collection community.docker too

    client = docker.APIClient(base_url=f"unix://{settings.docker_socket}", timeout=600)

    def answers() -> bool:
        with contextlib.suppress(docker.errors.DockerException, OSError):
            return bool(client.ping())
        return False

    if not wait_until(answers, 60, 0.5):
        raise NodeError(f"dockerd does not answer on {settings.docker_socket}: see {settings.state}/log/dockerd.log")
    return client


def make_missing_images(settings: Settings) -> dict[str, Any]:
    """Build and push the cluster's images that the registry lacks or that are out of date; return which."""
    record_file = settings.state / "node" / "images.json"
    record: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError):
        record = json.loads(record_file.read_text(encoding="utf-8"))
    if not wait_until(lambda: get_registry_status(settings.registry, "GET", "/v2/") == 200, 60, 0.5):
        raise NodeError(f"the registry does not answer on {settings.registry}: see {settings.state}/log/registry.log")
    made: list[str] = []
    client: Any = None

    def record_image(reference: str, recipe: str) -> None:
        record[reference] = recipe
        write_private_file(record_file, json.dumps(record, indent=2, sort_keys=True) + "\n", 0o644)
        made.append(reference)

    if record.get(settings.base_image) != compute_base_recipe_digest(settings) or not _is_in_registry(
        settings.base_image
    ):
        if published := find_published_base(settings):
            client = _connect_docker(settings)
            load_image(client, Path(published["image"]), settings.base_image)
        else:
            archive = _make_base_archive(settings)
            client = _connect_docker(settings)
            _import_base(client, settings, archive)
        push_base(client, settings)
        record_image(settings.base_image, compute_base_recipe_digest(settings))
        print(f"{settings.base_image} pushed", flush=True)
    for image in _list_cluster_images(settings):
        if record.get(image.reference) == image.recipe_digest and _is_in_registry(image.reference):
            continue
        client = client or _connect_docker(settings)
        if image.published:
            load_image(client, image.published, image.reference)
        else:
            build_image(client, image)
        _push_image(client, image.reference)
        record_image(image.reference, image.recipe_digest)
        print(f"{image.reference} pushed", flush=True)
    return {"changed": bool(made), "made": made}
