# SPDX-License-Identifier: Apache-2.0
"""Parse values that people, forms and the environment give as text. Errors are `UsageError` and name the setting."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .errors import UsageError

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def require_environment_variables(
    environ: Mapping[str, str], names: Sequence[str], purpose: str, settings: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the values of environment variables, stripped of blanks; raise an error if any is not set.

    Args:
        environ: all variables.
        names: of those that are needed.
        purpose: what needs them; begins the message.
        settings: by variable, the path of the setting that can be set instead.

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
    """Parse true/false, yes/no, on/off or 1/0; blank and None give the default."""
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
    """Parse an integer from `least` to `most`; None if the text is blank."""
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
    """Parse a Kubernetes quantity such as 2Gi or 500M; return bytes, or None if the text is blank."""
    if not text.strip():
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kMGT]|[KMGT]i)?", text.strip())
    if not found:
        raise UsageError(f"{name} '{text}' is not a size such as 512Mi or 2Gi")
    return int(float(found[1]) * _UNITS[found[2] or ""])


def parse_unique_words(value: object, name: str) -> tuple[str, ...]:
    """Return the words of a list or of a comma-separated text, sorted and without duplicates."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)) or not all(isinstance(word, str) for word in value):
        raise UsageError(f"{name}: a list of words is needed, not '{value}'")
    return tuple(sorted({word.strip() for word in value if word.strip()}))
