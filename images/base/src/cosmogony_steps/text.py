# SPDX-License-Identifier: Apache-2.0
"""Values as people, forms and environments write them. Every error is a `UsageError` that names the setting."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .errors import UsageError

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def require_variables(
    environ: Mapping[str, str], names: Sequence[str], purpose: str, settings: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the values of variables without blanks around them.

    Args:
        environ: where they are.
        names: of the variables.
        purpose: what needs them, as the beginning of the message.
        settings: the paths of the settings that some of them stand for.

    Raises:
        UsageError: variables are missing or blank; it names all of them.
    """
    missing = [name for name in names if not environ.get(name, "").strip()]
    if missing:
        paths = "".join(f", or {path} in its settings" for name, path in (settings or {}).items() if name in missing)
        raise UsageError(
            f"{purpose}: environment variable {', '.join(missing)} not set; set it in the step's environment{paths}"
        )
    return {name: environ[name].strip() for name in names}


def parse_boolean(value: object, name: str, default: bool = False) -> bool:
    """Read true or false as people, forms and YAML write them; blank and None are the default."""
    if isinstance(value, bool):
        return value
    text = "" if value is None else str(value).strip().lower()
    if not text:
        return default
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise UsageError(f"{name}: '{value}' is neither true nor false")


def parse_integer(text: str, name: str, *, least: int = 0, most: int | None = None) -> int | None:
    """Read a whole number; None when it is blank."""
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise UsageError(f"{name} '{text}' is not a number")
    number = int(text)
    if number < least or (most is not None and number > most):
        raise UsageError(f"{name} {number} is not from {least} {'up' if most is None else f'to {most}'}")
    return number


def parse_size(text: str, name: str) -> int | None:
    """Read a quantity as Kubernetes writes it, such as 2Gi or 500M: bytes, None when it is blank."""
    if not text.strip():
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?", text.strip())
    if not found:
        raise UsageError(f"{name} '{text}' is not a size; write it like 512Mi or 2Gi")
    return int(float(found[1]) * _UNITS[found[2] or ""])


def parse_words(value: object, name: str) -> tuple[str, ...]:
    """Read a list, or a comma separated text, as sorted words without repeats."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        raise UsageError(f"{name}: a list of words is needed, not '{value}'")
    return tuple(sorted({word.strip() for word in value if word.strip()}))
