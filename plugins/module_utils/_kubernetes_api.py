# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""A client of the Kubernetes API, made from the options that kubernetes.core's modules share."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from ansible_collections.cosmogony.stack.plugins.module_utils._words import plain
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC

CONNECT_SECONDS = 60
CHECK = "Check the kubeconfig, its context, and that the cluster runs."


class UnreachableError(Exception):
    """There is no API to speak to, in words."""


def connect(params: Mapping[str, Any]) -> Any:
    """Return a new client, which asks once and does not repeat what failed.

    Args:
        params: The module's options, those of kubernetes.core's modules among them.

    Raises:
        UnreachableError: No API answers within a minute, or the credentials are refused.
    """
    import kubernetes
    import urllib3
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException

    auth = {option: params[option] for option in AUTH_ARG_SPEC}
    try:
        with _limit(CONNECT_SECONDS):
            api = get_api_client(**auth).client.client
    except (
        CoreException,
        kubernetes.client.ApiException,
        kubernetes.config.ConfigException,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as error:
        raise UnreachableError(
            f"The Kubernetes API cannot be reached: {describe(error).rstrip('.')}. {CHECK}"
        ) from error
    configuration = api.configuration
    configuration.retries = False
    own = kubernetes.client.ApiClient(configuration)
    own.default_headers.update(api.default_headers)
    return own


@contextlib.contextmanager
def _limit(seconds: int) -> Iterator[None]:
    """Limit how long the block may take: kubernetes.core asks the API for its version and kinds without a limit.

    Only for a main thread, as the one of a module is.

    Raises:
        UnreachableError: The block has taken longer than ``seconds``.
    """

    def end(*_: object) -> NoReturn:
        # no OSError: urllib3 would ask once more
        raise UnreachableError(f"The Kubernetes API does not answer within {seconds} s. {CHECK}")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def describe(error: Exception) -> str:
    """Say what an error of the API or of the way to it means."""
    from urllib3.exceptions import PoolError

    if status := getattr(error, "status", None):
        return f"{status} {getattr(error, 'reason', '')}"
    # Errors of a pool know which server they speak of.
    where = f"{error.pool.host}:{error.pool.port}: " if isinstance(error, PoolError) and error.pool else ""
    return where + plain(error)
