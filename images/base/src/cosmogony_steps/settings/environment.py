# SPDX-License-Identifier: Apache-2.0
"""Override settings by environment variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import get_args, get_type_hints

from ..errors import UsageError
from ..text import parse_boolean, parse_integer
from .model import DatabaseSettings, Settings


def _keep_text(text: str, name: str) -> str:
    return text


def _parse_port(text: str, name: str) -> int | None:
    # Kubernetes sets POSTGRES_PORT to such a URL if there is a Service called postgres
    return None if text.startswith("tcp://") else parse_integer(text, name, least=1, most=65535)


def _parse_sslmode(text: str, name: str) -> str:
    modes = get_args(get_type_hints(DatabaseSettings)["sslmode"])
    if text not in modes:
        raise UsageError(f"{name} '{text}' is not one of {', '.join(modes)}")
    return text


#: By section and setting: the variable, and the function that parses it.
_VARIABLES: Mapping[str, Mapping[str, tuple[str, Callable[[str, str], object]]]] = {
    "storage": {
        "endpoint": ("S3_ENDPOINT", _keep_text),
        "secure": ("S3_SECURE", parse_boolean),
        "region": ("S3_REGION", _keep_text),
        "bucket": ("S3_BUCKET", _keep_text),
    },
    "source_storage": {
        "endpoint": ("SOURCE_S3_ENDPOINT", _keep_text),
        "secure": ("SOURCE_S3_SECURE", parse_boolean),
        "region": ("SOURCE_S3_REGION", _keep_text),
    },
    "database": {
        "host": ("POSTGRES_HOST", _keep_text),
        "port": ("POSTGRES_PORT", _parse_port),
        "name": ("POSTGRES_DB", _keep_text),
        "sslmode": ("POSTGRES_SSLMODE", _parse_sslmode),
    },
}


def apply_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Return the settings, overridden by the variables that are set and not blank.

    Raises:
        UsageError: a variable has a wrong value.
    """
    if not environ.get("POSTGRES_PORT", "").strip() and (port := environ.get("PGPORT")):
        environ = {**environ, "POSTGRES_PORT": port}
    sections = {}
    for section, variables in _VARIABLES.items():
        values = {
            setting: value
            for setting, (name, read) in variables.items()
            if (text := environ.get(name, "").strip()) and (value := read(text, name)) is not None
        }
        sections[section] = replace(getattr(settings, section), **values)
    return replace(settings, **sections)
