# SPDX-License-Identifier: Apache-2.0
"""Fetches packages of an npm registry: by npm, which knows registry, proxy and CA of the machine, otherwise by HTTP."""

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
_TIMEOUT = 60  # seconds without data from the npm registry before a download fails
_NPM_TIMEOUT = 300


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """A version of an npm package, with its integrity (a hash) as npm's lock files have it."""

    name: str
    version: str
    integrity: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def archive_name(self) -> str:
        """File name of the package's archive in an npm registry."""
        return f"{self.name}-{self.version}.tgz"

    def has_integrity(self, path: Path) -> bool:
        """Return whether a file is the package's archive, by its hash."""
        algorithm, _, wanted = self.integrity.partition("-")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, algorithm).digest()
        return base64.b64encode(found).decode() == wanted


def fetch_package(package: NpmPackage, cache: Path, registry: str = "") -> Path:
    """Return the path of a package's archive; it is downloaded unless the cache has it.

    Args:
        package: The package.
        cache: Folder that keeps archives.
        registry: Address of the registry; "" takes that of npm, of the environment or the public one.

    Raises:
        AtlasError: it cannot be fetched, or is not the expected file.
    """
    target = cache / package.archive_name
    if target.is_file() and package.has_integrity(target):
        return target
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
        got = Path(folder) / package.archive_name
        origin = (
            _fetch_by_npm(package, got, registry) if shutil.which("npm") else _fetch_by_http(package, got, registry)
        )
        if not package.has_integrity(got):
            raise AtlasError(
                f"{package} of {_hide_password(origin)} is not the expected file (integrity {package.integrity}); "
                "nothing was taken. Ask another registry (samples_npm_registry)."
            )
        got.replace(target)
    return target


def read_package_file(archive: Path, name: str) -> bytes:
    """Return the content of one file in a package's archive.

    Raises:
        AtlasError: the package lacks the file.
    """
    with tarfile.open(archive) as tar:
        try:
            file = tar.extractfile(f"package/{name}")
        except KeyError:
            file = None
        if file is None:
            raise AtlasError(f"{archive.name} has no file {name}")
        return file.read()


def _fetch_by_npm(package: NpmPackage, target: Path, registry: str) -> str:
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
        raise _make_error(package, origin, f"npm pack has not ended after {_NPM_TIMEOUT} s") from error
    if done.returncode or not target.is_file():
        raise _make_error(package, origin, " ".join(done.stderr.split())[-500:] or f"npm pack: {done.returncode}")
    return origin


def _fetch_by_http(package: NpmPackage, target: Path, registry: str) -> str:
    origin = (registry or os.environ.get(_VARIABLE) or os.environ.get(_VARIABLE.upper()) or PUBLIC_REGISTRY).rstrip("/")
    url = f"{origin}/{package.name}/-/{package.archive_name}"
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with urllib.request.urlopen(_make_request(url), timeout=_TIMEOUT) as answer, target.open("wb") as file:  # noqa: S310
                shutil.copyfileobj(answer, file)
            return origin
        except (OSError, ValueError, http.client.HTTPException) as error:
            passing = not isinstance(error, ValueError) and getattr(error, "code", 500) >= 500
            if attempt == _ATTEMPTS or not passing:
                raise _make_error(package, origin, f"{url}: {error}") from error
            time.sleep(attempt)
    raise AssertionError("unreachable")


def _make_request(url: str) -> urllib.request.Request:
    """Return a request for a URL; user and password in the URL become a header."""
    parts = urllib.parse.urlsplit(url)
    if parts.username is None:
        return urllib.request.Request(url)  # noqa: S310
    bare = urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    user, _, password = (urllib.parse.unquote(part) for part in parts.netloc.rpartition("@")[0].partition(":"))
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return urllib.request.Request(bare, headers={"Authorization": f"Basic {token}"})  # noqa: S310


def _make_error(package: NpmPackage, origin: str, cause: str) -> AtlasError:
    return AtlasError(
        _hide_password(
            f"{package} cannot be fetched from {origin}: {cause}. Check network, proxy and CA, "
            "or name another npm registry (samples_npm_registry)."
        )
    )


def _hide_password(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", text)
