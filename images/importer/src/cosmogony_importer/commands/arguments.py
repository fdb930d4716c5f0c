# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share, and converters for the values of options."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import TypeVar

from cosmogony_steps.errors import UsageError
from cosmogony_steps.value_parsing import parse_boolean

T = TypeVar("T")


def add_release_option(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Add the option --release ID to a command."""
    parser.add_argument("--release", required=required, metavar="ID")


def add_jobs_option(parser: argparse.ArgumentParser) -> None:
    """Add the option --jobs N to a command."""
    parser.add_argument(
        "--jobs",
        type=allow_blank(to_count, 0),
        default=0,
        metavar="N",
        help="parallel connections (blank: number of processors)",
    )


def add_wait_option(parser: argparse.ArgumentParser) -> None:
    """Add the option --wait SECONDS to a command."""
    parser.add_argument(
        "--wait", type=float, default=0, metavar="SECONDS", help="how long to wait for another load to end"
    )


def add_patience_option(parser: argparse.ArgumentParser) -> None:
    """Add the option --patience SECONDS to a command."""
    parser.add_argument(
        "--patience",
        type=float,
        default=600,
        metavar="SECONDS",
        help="how long to wait for readers of the views (%(default)s)",
    )


def allow_blank(convert: Callable[[str], T], default: T | None = None) -> Callable[[str], T | None]:
    """Return a converter that maps a blank value, which forms may send, to the default."""

    def convert_unless_blank(text: str) -> T | None:
        try:
            return convert(text.strip()) if text.strip() else default
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert_unless_blank


def to_zoom(text: str) -> int:
    """Return the zoom level that an option names."""
    if not re.fullmatch(r"[0-9]{1,2}", text):
        raise ValueError(f"{text!r} is not a zoom level")
    return int(text)


def to_count(text: str) -> int:
    """Return the number that an option names, at least 1."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
        raise ValueError(f"{text!r} is not a number of at least 1")
    return int(text)


def to_country_code(text: str) -> str:
    """Return the country code that an option names, in upper case."""
    if not re.fullmatch(r"[A-Za-z]{2,3}", text):
        raise ValueError(f"{text!r} is not a country code such as LI")
    return text.upper()


def to_boolean(text: str) -> bool:
    """Return the truth value of true/false, yes/no, on/off or 1/0; False for blank text."""
    try:
        return parse_boolean(text, "value")
    except UsageError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false") from None
