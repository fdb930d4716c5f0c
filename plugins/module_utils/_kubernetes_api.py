# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""Access to the Kubernetes API for all modules: a client, calls with a time limit, and errors in plain words."""

from __future__ import annotations

import contextlib
import copy
import importlib
import json
import signal
import traceback
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC

from ._errors import describe_cause

CONNECT_SECONDS = 60
REQUEST_SECONDS = 30
CHECK = "Check the kubeconfig, its context and credentials, and that the cluster runs."


class ApiError(Exception):
    """The Kubernetes API refused a call or did not answer.

    Attributes:
        status: HTTP status; 0 when there was no answer.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_transient(self) -> bool:
        """Whether the same call may succeed later."""
        return self.status in (0, 429) or self.status >= 500

    @property
    def is_missing(self) -> bool:
        """Whether the call failed because the object does not exist."""
        return self.status == 404

    @property
    def is_denied(self) -> bool:
        """Whether the call failed because the user lacks the right to it."""
        return self.status in (401, 403)


def make_argument_spec(**options: Any) -> dict[str, Any]:
    """Return the options of a module, with those that kubernetes.core's modules share."""
    return {**copy.deepcopy(AUTH_ARG_SPEC), **options}


def require_library(module: AnsibleModule, name: str) -> None:
    """Make the module fail when a Python library cannot be imported; the message names library and interpreter."""
    try:
        importlib.import_module(name)
    except ImportError:
        module.fail_json(msg=missing_required_lib(name), exception=traceback.format_exc())


def connect(module: AnsibleModule) -> Any:
    """Return a client of the Kubernetes API; make the module fail when there is none to be reached."""
    require_library(module, "kubernetes")
    try:
        return make_client(module.params)
    except ApiError as error:
        return module.fail_json(msg=str(error))


def make_client(params: Mapping[str, Any]) -> Any:
    """Return a client of the Kubernetes API that does not repeat failed calls.

    Args:
        params: The module's options, those of kubernetes.core's modules among them.

    Raises:
        ApiError: No API answers within a minute, or the credentials are refused.
    """
    import kubernetes
    import urllib3
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException

    auth = {option: params[option] for option in AUTH_ARG_SPEC}
    try:
        with _limit_time(CONNECT_SECONDS):
            api = get_api_client(**auth).client.client
    except (
        CoreException,
        kubernetes.client.ApiException,
        kubernetes.config.ConfigException,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as error:
        raise ApiError(f"The Kubernetes API cannot be reached: {_describe(error).rstrip('.')}. {CHECK}") from error
    configuration = api.configuration
    configuration.retries = False
    client = kubernetes.client.ApiClient(configuration)
    client.default_headers.update(api.default_headers)
    return client


@contextlib.contextmanager
def _limit_time(seconds: int) -> Iterator[None]:
    """Limit how long the block may take: kubernetes.core asks the API for its version and kinds without a limit.

    Only for the main thread.

    Raises:
        ApiError: The block took longer than ``seconds``.
    """

    def end(*_: object) -> NoReturn:
        # Not an OSError: after one urllib3 would repeat the call.
        raise ApiError(f"The Kubernetes API does not answer within {seconds} s. {CHECK}")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def call_api(subject: str, function: Any, *args: Any, timeout: float = REQUEST_SECONDS, **kwargs: Any) -> Any:
    """Call a method of the Kubernetes client with a time limit, and return its answer.

    Args:
        subject: What is asked for; messages begin with it.
        function: The method.
        *args: Its arguments.
        timeout: Seconds to wait for the answer.
        **kwargs: Its named arguments.

    Raises:
        ApiError: The API refuses or does not answer.
    """
    import urllib3
    from kubernetes.client import ApiException

    try:
        return function(*args, _request_timeout=timeout, **kwargs)
    except ApiException as error:
        raise ApiError(f"{subject}: {_describe(error)}", error.status or 0) from error
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ApiError(f"{subject}: the Kubernetes API does not answer ({_describe(error)})") from error


def _describe(error: Any) -> str:
    from urllib3.exceptions import PoolError

    if status := getattr(error, "status", None):
        try:
            message = json.loads(error.body)["message"]
        except (AttributeError, TypeError, ValueError, KeyError):
            message = getattr(error, "reason", None) or ""
        return f"HTTP {status} {message}".strip()
    where = f"{error.pool.host}:{error.pool.port}: " if isinstance(error, PoolError) and error.pool else ""
    return where + describe_cause(error)
