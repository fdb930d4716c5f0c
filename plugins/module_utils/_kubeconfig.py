# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""A kubeconfig for programs, such as Helm, that are to reach the same API server as the modules."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_MAP, AUTH_ARG_SPEC

NAME = "cosmogony"  # of cluster, user and context in the file
# Options that programs have, too, or read from KUBECONFIG and ~/.kube/config.
FILE_OPTIONS = ("kubeconfig", "context")
# How the Python client behaves; no program needs to know.
OTHER_OPTIONS = ("persist_config", "no_proxy", "proxy_headers")
SPELLINGS = {option: name for name, option in AUTH_ARG_MAP.items()}


def _read_option(params: Mapping[str, Any], option: str) -> Any:
    """Return an option of the connection as kubernetes.core takes it: of the module, otherwise of the environment."""
    if params.get(option) is not None:
        return params[option]
    names = (option, SPELLINGS.get(option, option))
    return next((value for name in names if (value := os.environ.get(f"K8S_AUTH_{name.upper()}"))), None)


def needs_own_kubeconfig(params: Mapping[str, Any]) -> bool:
    """Return whether a program needs a kubeconfig written for it, or takes the same connection by itself."""
    if any(_read_option(params, option) is not None for option in set(AUTH_ARG_SPEC) - {*FILE_OPTIONS, *OTHER_OPTIONS}):
        return True
    if any(_read_option(params, option) and not params.get(option) for option in FILE_OPTIONS):
        return True  # programs do not read K8S_AUTH_KUBECONFIG and K8S_AUTH_CONTEXT
    kubeconfig = params.get("kubeconfig")
    if kubeconfig or params.get("context"):
        return not isinstance(kubeconfig or "", str)
    # In a pod the modules prefer the identity of the pod, programs the kubeconfig of the user.
    return "KUBERNETES_SERVICE_HOST" in os.environ


def make_kubeconfig(configuration: Any, headers: Mapping[str, Any], namespace: str = "") -> dict[str, Any]:
    """Return the content of a kubeconfig for the connection that a client has; it holds its credentials.

    Args:
        configuration: The ``Configuration`` of the Python client.
        headers: Headers of its requests, for the user that is impersonated.
        namespace: Namespace of the context.
    """
    cluster = {
        "server": configuration.host,
        "tls-server-name": getattr(configuration, "tls_server_name", None),
        "proxy-url": _find_proxy(configuration),
    }
    if configuration.verify_ssl:
        cluster["certificate-authority-data"] = _encode(configuration.ssl_ca_cert)
    else:
        cluster["insecure-skip-tls-verify"] = True
    groups = headers.get("Impersonate-Group")
    user = {
        "token": (configuration.api_key.get("authorization") or "").partition(" ")[2],
        "username": configuration.username,
        "password": configuration.password,
        "client-certificate-data": _encode(configuration.cert_file),
        "client-key-data": _encode(configuration.key_file),
        "as": headers.get("Impersonate-User"),
        "as-groups": [groups] if isinstance(groups, str) else groups,
    }
    context = {"cluster": NAME, "user": NAME, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": NAME,
        "clusters": [{"name": NAME, "cluster": _drop_blanks(cluster)}],
        "users": [{"name": NAME, "user": _drop_blanks(user)}],
        "contexts": [{"name": NAME, "context": _drop_blanks(context)}],
    }


def _find_proxy(configuration: Any) -> str | None:
    from requests.utils import should_bypass_proxies

    proxy: str | None = configuration.proxy
    return None if proxy and should_bypass_proxies(configuration.host, configuration.no_proxy or "") else proxy


def _encode(path: str | None) -> str | None:
    return base64.b64encode(Path(path).read_bytes()).decode() if path else None


def _drop_blanks(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
