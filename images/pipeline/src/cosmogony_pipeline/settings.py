# SPDX-License-Identifier: Apache-2.0
"""Settings from the environment, with messages that name what is missing."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cosmogony_steps.errors import StepError

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0", ""}


def required(environ: Mapping[str, str], names: tuple[str, ...], purpose: str) -> dict[str, str]:
    """The values of NAMES; all missing ones are named at once."""
    missing = [name for name in names if not environ.get(name, "").strip()]
    if missing:
        raise StepError(
            f"{purpose}: environment variable {', '.join(missing)} not set; set it in the step's environment"
        )
    return {name: environ[name].strip() for name in names}


def boolean(value: object, name: str) -> bool:
    """true/false as people and forms write them; blank and null are false."""
    if isinstance(value, bool):
        return value
    text = "" if value is None else str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise StepError(f"{name}: '{value}' is neither true nor false")


def words(value: object, name: str) -> tuple[str, ...]:
    """A list, or a comma separated text, as sorted words without repeats."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        raise StepError(f"{name}: a list of words is needed, not '{value}'")
    return tuple(sorted({word.strip() for word in value if word.strip()}))


def environment() -> Mapping[str, str]:
    return os.environ
