# SPDX-License-Identifier: Apache-2.0
"""Fetch a package of the npm registry: by npm, which knows the machine's registry, proxy and CA, else over HTTP."""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .errors import AtlasError

PUBLIC_REGISTRY = "https://registry.npmjs.org"
_VARIABLE = "npm_config_registry"
_ATTEMPTS = 3
_TIMEOUT = 60  # seconds without an answer
_NPM_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class Package:
    """A version of a package, known by the integrity that lock files of npm have."""

    name: str
    version: str
    integrity: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}.tgz"

    def is_whole(self, path: Path) -> bool:
        algorithm, _, wanted = self.integrity.partition("-")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, algorithm).digest()
        return base64.b64encode(found).decode() == wanted


def fetch(package: Package, cache: Path, registry: str = "") -> Path:
    """The package's archive, out of the cache if it is there."""
    target = cache / package.file
    if target.is_file() and package.is_whole(target):
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
        got = Path(folder) / package.file
        origin = _by_npm(package, got, registry) if shutil.which("npm") else _by_http(package, got, registry)
        if not package.is_whole(got):
            raise AtlasError(
                f"{package} of {_without_password(origin)} is not the expected file (integrity {package.integrity}); "
                "nothing was taken. Ask another registry (samples_npm_registry)."
            )
        got.replace(target)
    return target


def member(archive: Path, name: str) -> bytes:
    """A file of the package."""
    with tarfile.open(archive) as tar:
        try:
            file = tar.extractfile(f"package/{name}")
        except KeyError:
            file = None
        if file is None:
            raise AtlasError(f"{archive.name} has no file {name}")
        return file.read()


def _by_npm(package: Package, target: Path, registry: str) -> str:
    command = ["npm", "pack", str(package), "--ignore-scripts", "--pack-destination", str(target.parent)]
    # not an argument: an address may hold a password
    environment = {**os.environ, _VARIABLE: registry} if registry else None
    origin = registry or "the registry that npm is configured with"
    try:
        done = subprocess.run(
            command,
            cwd=target.parent,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_NPM_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _unreachable(package, origin, f"npm pack has not ended after {_NPM_TIMEOUT} s") from error
    if done.returncode or not target.is_file():
        raise _unreachable(package, origin, " ".join(done.stderr.split())[-500:] or f"npm pack: {done.returncode}")
    return origin


def _by_http(package: Package, target: Path, registry: str) -> str:
    origin = (registry or os.environ.get(_VARIABLE) or os.environ.get(_VARIABLE.upper()) or PUBLIC_REGISTRY).rstrip("/")
    url = f"{origin}/{package.name}/-/{package.file}"
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(_request(url), timeout=_TIMEOUT) as answer, target.open("wb") as file:  # noqa: S310
                shutil.copyfileobj(answer, file)
            return origin
        except (OSError, ValueError, http.client.HTTPException) as error:
            passing = not isinstance(error, ValueError) and getattr(error, "code", 500) >= 500
            if attempt == _ATTEMPTS or not passing:
                raise _unreachable(package, origin, f"{url}: {error}") from error
            time.sleep(attempt)
    raise AssertionError("unreachable")


def _request(url: str) -> urllib.request.Request:
    """User and password of the address go into a header."""
    parts = urllib.parse.urlsplit(url)
    if parts.username is None:
        return urllib.request.Request(url)  # noqa: S310
    bare = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    user, _, password = (urllib.parse.unquote(part) for part in parts.netloc.rpartition("@")[0].partition(":"))
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return urllib.request.Request(bare, headers={"Authorization": f"Basic {token}"})  # noqa: S310


def _unreachable(package: Package, origin: str, cause: str) -> AtlasError:
    return AtlasError(
        _without_password(
            f"{package} cannot be fetched from {origin}: {cause}. Check network, proxy and CA, "
            "or name another npm registry (samples_npm_registry)."
        )
    )


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", text)
