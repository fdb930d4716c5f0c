# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Questions to a container registry, by the protocol of the OCI distribution specification."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

from ansible.module_utils.urls import open_url

from ._errors import describe_cause

MEDIA_TYPES = ", ".join(
    [
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    ]
)
LOOPBACK = re.compile(r"(localhost|127\.[0-9.]+|\[::1\])(:\d+)?")
DOCKER_HUB = "docker.io"


class RegistryError(Exception):
    """A registry did not say whether it has an image: it refused, failed or did not answer.

    Attributes:
        reason: ``unreachable``, ``denied`` or ``refused``.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def split_reference_as_docker(reference: str) -> tuple[str, str, str]:
    """Return host, repository and tag or digest of a reference; Docker Hub and ``latest`` where it names none.

    Raises:
        ValueError: It is not a reference of an image.
    """
    host, slash, path = reference.partition("/")
    if not slash or not (re.search(r"[.:]", host) or host == "localhost"):
        host, path = DOCKER_HUB, reference
    found = re.fullmatch(r"([a-z0-9][a-z0-9._/-]*)(?::([\w][\w.-]{0,127}))?(?:@(\w+:[0-9a-f]{32,}))?", path)
    if not found:
        raise ValueError(f"{reference} is not a reference of an image: write HOST/REPOSITORY:TAG")
    repository = found[1] if host != DOCKER_HUB or "/" in found[1] else f"library/{found[1]}"
    return host, repository, found[3] or found[2] or "latest"


def _find_only_registry(references: list[str]) -> str:
    """Return the host of the only registry in references, to which user and password belong.

    Raises:
        ValueError: They name several, or one of them is not a reference.
    """
    hosts = sorted({split_reference_as_docker(reference)[0] for reference in references})
    if len(hosts) > 1:
        raise ValueError(
            f"references name the registries {', '.join(hosts)}, and username is for one of them: name it in registry"
        )
    return "".join(hosts)


class Registry:
    """Asks container registries for the digests of images; takes the options of module registry_image_info.

    User and password are sent to one registry only, and to the token server that it names.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self._scheme: str = options["scheme"]
        self._http: dict[str, Any] = {
            "timeout": options["timeout"],
            "validate_certs": options["validate_certs"],
            "ca_path": options["ca_path"],
            "unredirected_headers": ["Authorization"],
        }
        self._user: dict[str, Any] = {}
        self._registry = ""
        if options["username"]:
            self._registry = options["registry"] or _find_only_registry(options["references"])
            self._user = {
                "url_username": options["username"],
                "url_password": options["password"],
                "force_basic_auth": True,
            }

    def find_digest(self, reference: str) -> str | None:
        """Return the digest of an image; None when the registry does not have it.

        Raises:
            RegistryError: It does not say.
            ValueError: The reference is not one.
        """
        host, repository, version = split_reference_as_docker(reference)
        scheme = self._scheme
        if scheme == "auto":
            scheme = "http" if LOOPBACK.fullmatch(host) else "https"
        server = "registry-1.docker.io" if host == DOCKER_HUB else host
        url = f"{scheme}://{server}/v2/{repository}/manifests/{version}"
        try:
            return self._ask_manifest(url, self._user if host == self._registry else {})
        except HTTPError as error:
            if error.code == 404:
                return None
            denied = error.code in (401, 403)
            advice = "check registry, username and password" if denied else "look at its log"
            reason = "denied" if denied else "refused"
            raise RegistryError(
                reason, _describe(host, reference, f"HTTP {error.code} {error.reason}", advice)
            ) from error
        except (URLError, OSError, ValueError, KeyError) as error:
            advice = "check that it runs, and the host of the reference"
            raise RegistryError("unreachable", _describe(host, reference, describe_cause(error), advice)) from error

    def _ask_manifest(self, url: str, user: dict[str, Any]) -> str | None:
        try:
            return self._head(url, {}, user)
        except HTTPError as error:
            challenge = error.headers.get("WWW-Authenticate", "")
            if error.code != 401 or not challenge.lower().startswith("bearer "):
                raise
        return self._head(url, {"Authorization": f"Bearer {self._get_token(challenge, user)}"}, {})

    def _head(self, url: str, headers: dict[str, str], user: dict[str, Any]) -> str | None:
        with open_url(url, method="HEAD", headers={"Accept": MEDIA_TYPES, **headers}, **user, **self._http) as answer:
            digest: str | None = answer.headers.get("Docker-Content-Digest", "")
            return digest

    def _get_token(self, challenge: str, user: dict[str, Any]) -> str:
        """Return the bearer token that a registry's challenge ``Bearer realm="…",service="…",scope="…"`` asks for."""
        fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        query = urlencode({name: fields[name] for name in ("service", "scope") if name in fields})
        with open_url(f"{fields['realm']}?{query}", **user, **self._http) as answer:
            document = json.load(answer)
        return str(document.get("token") or document["access_token"])


def _describe(host: str, reference: str, cause: str, advice: str) -> str:
    return f"The registry {host} does not say whether it has {reference} ({cause}): {advice}"
