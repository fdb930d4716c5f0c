# SPDX-License-Identifier: Apache-2.0
"""Override settings by environment variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import get_args, get_type_hints

from ..errors import UsageError
from ..value_parsing import parse_boolean, parse_integer
from .model import DatabaseSettings, Settings


def _keep_text(text: str, name: str) -> str:
    return text


def _parse_port(text: str, name: str) -> int | None:
    # Kubernetes sets POSTGRES_PORT to a URL like tcp://10.0.0.1:5432 if there is a Service called postgres
    return None if text.startswith("tcp://") else parse_integer(text, name, least=1, most=65535)


def _parse_sslmode(text: str, name: str) -> str:
    modes = get_args(get_type_hints(DatabaseSettings)["sslmode"])
    if text not in modes:
        raise UsageError(f"{name} '{text}' is not one of {', '.join(modes)}")
    return text


#: By environment variable: section and name of the setting that it overrides, and the function that parses the text.
_VARIABLES: Mapping[str, tuple[str, str, Callable[[str, str], object]]] = {
    "S3_ENDPOINT": ("storage", "endpoint", _keep_text),
    "S3_SECURE": ("storage", "secure", parse_boolean),
    "S3_REGION": ("storage", "region", _keep_text),
    "S3_BUCKET": ("storage", "bucket", _keep_text),
    "SOURCE_S3_ENDPOINT": ("source_storage", "endpoint", _keep_text),
    "SOURCE_S3_SECURE": ("source_storage", "secure", parse_boolean),
    "SOURCE_S3_REGION": ("source_storage", "region", _keep_text),
    "POSTGRES_HOST": ("database", "host", _keep_text),
    "POSTGRES_PORT": ("database", "port", _parse_port),
    "POSTGRES_DB": ("database", "name", _keep_text),
    "POSTGRES_SSLMODE": ("database", "sslmode", _parse_sslmode),
}


def apply_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Return the settings, overridden by the environment variables that are set and not blank.

    Raises:
        UsageError: a variable has a wrong value.
    """
    if not environ.get("POSTGRES_PORT", "").strip() and (port := environ.get("PGPORT")):
        environ = {**environ, "POSTGRES_PORT": port}
    for name, (section, setting, parse) in _VARIABLES.items():
        text = environ.get(name, "").strip()
        if text and (value := parse(text, name)) is not None:
            changed = replace(getattr(settings, section), **{setting: value})
            settings = replace(settings, **{section: changed})
    return settings
