# SPDX-License-Identifier: Apache-2.0
"""The client of the Kubernetes API that the modules share."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest
import yaml
from ansible_collections.cosmogony.stack.plugins.module_utils import _kubernetes_api
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC


def test_an_api_that_takes_connections_and_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_kubernetes_api, "CONNECT_SECONDS", 1)
    handler = signal.getsignal(signal.SIGALRM)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kubeconfig = tmp_path / "kubeconfig"
        cluster = {"server": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        kubeconfig.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "silent", "cluster": cluster}],
                    "contexts": [{"name": "silent", "context": {"cluster": "silent", "user": "nobody"}}],
                    "users": [{"name": "nobody", "user": {}}],
                    "current-context": "silent",
                }
            )
        )
        parameters = {**dict.fromkeys(AUTH_ARG_SPEC), "kubeconfig": str(kubeconfig)}
        with pytest.raises(_kubernetes_api.ApiError, match="does not answer within 1 s"):
            _kubernetes_api.make_client(parameters)
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.alarm(0) == 0
