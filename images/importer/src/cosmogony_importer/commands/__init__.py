# SPDX-License-Identifier: Apache-2.0
"""The commands of the importer, one module each, in the order in which --help lists them."""

from __future__ import annotations

import argparse
from typing import Protocol

from . import (
    clean,
    gate,
    import_data,
    init,
    list_releases,
    load,
    publish,
    report,
    rollback,
    status,
    tile_finish,
    tile_link,
    tile_prepare,
    tiles,
)
from .arguments import Subparsers


class Command(Protocol):
    """What a module of a command offers."""

    def register(self, subparsers: Subparsers) -> None:
        """Add the command and its options to the command line."""

    def run(self, options: argparse.Namespace) -> None:
        """Do what the command is for."""


COMMANDS: tuple[Command, ...] = (
    init,
    import_data,
    load,
    tiles,
    gate,
    publish,
    rollback,
    list_releases,
    status,
    clean,
    report,
    tile_prepare,
    tile_finish,
    tile_link,
)
