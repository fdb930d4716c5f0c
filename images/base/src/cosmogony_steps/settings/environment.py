# SPDX-License-Identifier: Apache-2.0
"""Settings that environment variables override."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import get_args, get_type_hints

from ..errors import UsageError
from ..text import parse_boolean, parse_integer
from .model import DatabaseSettings, Settings


def _plain(text: str, name: str) -> str:
    return text


def _port(text: str, name: str) -> int | None:
    # Kubernetes sets POSTGRES_PORT so for a Service called postgres
    return None if text.startswith("tcp://") else parse_integer(text, name, least=1, most=65535)


def _sslmode(text: str, name: str) -> str:
    modes = get_args(get_type_hints(DatabaseSettings)["sslmode"])
    if text not in modes:
        raise UsageError(f"{name} '{text}' is none of {', '.join(modes)}")
    return text


#: By section and setting: the variable, and how its text is read.
_VARIABLES: Mapping[str, Mapping[str, tuple[str, Callable[[str, str], object]]]] = {
    "storage": {
        "endpoint": ("S3_ENDPOINT", _plain),
        "secure": ("S3_SECURE", parse_boolean),
        "region": ("S3_REGION", _plain),
        "bucket": ("S3_BUCKET", _plain),
    },
    "source_storage": {
        "endpoint": ("SOURCE_S3_ENDPOINT", _plain),
        "secure": ("SOURCE_S3_SECURE", parse_boolean),
        "region": ("SOURCE_S3_REGION", _plain),
    },
    "database": {
        "host": ("POSTGRES_HOST", _plain),
        "port": ("POSTGRES_PORT", _port),
        "name": ("POSTGRES_DB", _plain),
        "sslmode": ("POSTGRES_SSLMODE", _sslmode),
    },
}


def apply_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """Return the settings with those of the variables that are set and not blank.

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
