# SPDX-License-Identifier: Apache-2.0
"""The commands of a program: one module each, found by looking into their package."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from . import outputs, step_settings
from .run import EXIT_CODES

if TYPE_CHECKING:
    Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
else:
    Subparsers = argparse._SubParsersAction


class Command(Protocol):
    """What the module of a command offers. What is large it imports where it is used: the program is to start fast."""

    __name__: str

    def register(self, subparsers: Subparsers) -> None:
        """Add the command and its options to the command line, with `add_command`."""


def find_commands(package: ModuleType) -> list[Command]:
    """Return the modules of a package that are commands, those with a function `register`, by their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return [cast(Command, module) for module in modules if hasattr(module, "register")]


def add_command(
    subparsers: Subparsers, name: str, run: Callable[[argparse.Namespace], None], description: str | None
) -> argparse.ArgumentParser:
    """Add a command with the options that all have: its settings, and where its outputs go."""
    parser = subparsers.add_parser(name, help=description, description=description, epilog=EXIT_CODES)
    parser.set_defaults(command=name, run=run)
    step_settings.add_settings_options(parser)
    outputs.add_outputs_option(parser)
    return parser
