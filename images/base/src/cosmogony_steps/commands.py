# SPDX-License-Identifier: Apache-2.0
"""Find the commands of a program: the modules of a package that have a function `register`."""

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


class CommandModule(Protocol):
    """A module that has commands of a program. Large libraries are imported in functions: programs start faster."""

    __name__: str

    def register(self, subparsers: Subparsers) -> None:
        """Add the commands of the module to the parser of the command line, with `add_command_with_common_options`."""


def find_commands(package: ModuleType) -> list[CommandModule]:
    """Return the modules of a package that have a function `register`, sorted by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    modules = [importlib.import_module(f"{package.__name__}.{name}") for name in names]
    return [cast(CommandModule, module) for module in modules if hasattr(module, "register")]


def add_command_with_common_options(
    subparsers: Subparsers, name: str, run: Callable[[argparse.Namespace], None], description: str | None
) -> argparse.ArgumentParser:
    """Add a command with the options that all commands have: --plan, --settings, --set and --outputs."""
    parser = subparsers.add_parser(name, help=description, description=description, epilog=EXIT_CODES)
    parser.set_defaults(command=name, run=run)
    step_settings.add_settings_options(parser)
    outputs.add_outputs_option(parser)
    return parser
