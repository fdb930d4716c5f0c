# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""The module options minio and postgres: their specification, their checks, credentials from existing Secrets."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .._kubernetes_api import ApiError, call_api, connect, require_library

SSLMODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
LIBRARIES = {"minio": "minio", "postgres": "psycopg"}
# Keys of an existing Secret, and the suboption whose value each one has.
SECRET_KEYS = {
    "minio": {"accesskey": "access_key", "secretkey": "secret_key"},
    "postgres": {"user": "user", "password": "password"},
}


def make_minio_spec(**more: Any) -> dict[str, Any]:
    """Return the argument spec of the option minio, an S3 store; ``more`` has suboptions of one module."""
    options = {
        "endpoint": {"type": "str"},
        # An access key names a user and is not secret; no_log would mask the same word in all output.
        "access_key": {"type": "str", "no_log": False},
        "secret_key": {"type": "str", "no_log": True},
        "session_token": {"type": "str", "no_log": True},
        "bucket": {"type": "str", "required": True},
        "region": {"type": "str", "default": "us-east-1"},
        "secure": {"type": "bool", "default": True},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        **more,
    }
    return _connection_spec(options, "endpoint", "access_key", "secret_key", port=9000)


def make_postgres_spec(**more: Any) -> dict[str, Any]:
    """Return the argument spec of the option postgres, a database; ``more`` has suboptions of one module."""
    options = {
        "host": {"type": "str"},
        "port": {"type": "int", "default": 5432},
        "database": {"type": "str", "required": True},
        "user": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "sslmode": {"type": "str", "choices": SSLMODES, "default": "prefer"},
        "ca_path": {"type": "path"},
        **more,
    }
    return _connection_spec(options, "host", "user", "password", port=5432)


def _connection_spec(options: dict[str, Any], address: str, user: str, secret: str, *, port: int) -> dict[str, Any]:
    place = {"namespace": {"type": "str", "required": True}, "name": {"type": "str", "required": True}}
    return {
        "type": "dict",
        "options": {
            **options,
            # The option names a Secret; its own value is not secret.
            "existing_secret": {"type": "dict", "no_log": False, "options": place},
            "service": {"type": "dict", "options": {**place, "port": {"type": "int", "default": port}}},
        },
        "required_one_of": [(address, "service"), (user, "existing_secret"), (secret, "existing_secret")],
    }


def prepare_connections(module: AnsibleModule) -> Any:
    """Fill in credentials of the options minio and postgres from Secrets; make the module fail if one is wrong.

    Returns:
        A client of the Kubernetes API, or None when no Service and no Secret is needed.
    """
    api, problems = complete_connections(module)
    if problems:
        module.fail_json(msg=". ".join(problems.values()))
    return api


def complete_connections(module: AnsibleModule) -> tuple[Any, dict[str, str]]:
    """Fill in credentials of the options minio and postgres from existing Secrets, and return what is wrong.

    Returns:
        A client of the Kubernetes API, or None when no Service and no Secret is needed; and what is wrong, by option.
    """
    given = {name: module.params[name] for name in LIBRARIES if module.params.get(name)}
    for name in given:
        require_library(module, LIBRARIES[name])
    api = connect(module) if any(each["service"] or each["existing_secret"] for each in given.values()) else None
    problems = {}
    for name, options in given.items():
        try:
            if options["existing_secret"]:
                options.update(_read_secret(api, name, options["existing_secret"]))
            check_connection_options(name, options)
        except (ApiError, ValueError) as error:
            problems[name] = str(error)
    return api, problems


def _read_secret(api: Any, name: str, place: Mapping[str, str]) -> dict[str, str]:
    from kubernetes import client

    subject = f"Secret {place['namespace']}/{place['name']} ({name}.existing_secret)"
    wanted = SECRET_KEYS[name]
    try:
        secret = call_api(subject, client.CoreV1Api(api).read_namespaced_secret, place["name"], place["namespace"])
    except ApiError as error:
        if error.is_missing:
            raise ValueError(f"{subject} does not exist: create it with the keys {' and '.join(wanted)}") from error
        if error.is_denied:
            raise ValueError(f"{error}: grant the right to get Secrets") from error
        raise
    data = secret.data or {}
    if lacking := [key for key in wanted if key not in data]:
        raise ValueError(f"{subject} lacks the key {' and '.join(lacking)}: add it")
    return {option: base64.b64decode(data[key]).decode(errors="replace") for key, option in wanted.items()}


def locate_credential(name: str, option: str, options: Mapping[str, Any]) -> str:
    """Return, for messages, the option or the key of a Secret that a credential comes from."""
    place = options.get("existing_secret")
    if not place:
        return f"{name}.{option}"
    key = next(key for key, each in SECRET_KEYS[name].items() if each == option)
    return f"key {key} of Secret {place['namespace']}/{place['name']} ({name}.existing_secret)"


def check_connection_options(name: str, options: Mapping[str, Any]) -> None:
    """Refuse suboptions of ``minio`` or ``postgres`` that cannot be right.

    Raises:
        ValueError: An address has a scheme, or a credential is empty or holds a line feed.
    """
    endpoint = options.get("endpoint") or ""
    if "://" in endpoint:
        raise ValueError(
            f"minio.endpoint is {endpoint!r}: give host:port without a scheme, and say by minio.secure whether it"
            " speaks TLS"
        )
    for option in SECRET_KEYS[name].values():
        where = locate_credential(name, option, options)
        if not options[option]:
            raise ValueError(f"{where} is empty: give a value, or name a Secret in {name}.existing_secret")
        if any(character in options[option] for character in "\r\n\0"):
            raise ValueError(f"{where} holds a line feed: {_advise_on_line_feed(options)}")


def _advise_on_line_feed(options: Mapping[str, Any]) -> str:
    if not options.get("existing_secret"):
        return "correct it"
    return (
        "make the Secret again from what printf %s writes (echo ends with a line feed, and so do most files that"
        " kubectl create secret --from-file is given)"
    )
