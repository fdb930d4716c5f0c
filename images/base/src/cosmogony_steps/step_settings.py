# SPDX-License-Identifier: Apache-2.0
"""Which settings a command works with: those that are mounted, or those that the plan of its run has kept."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .settings import Settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add --plan KEY, --settings FILE and --set NAME=VALUE."""
    group = parser.add_argument_group("settings")
    group.add_argument(
        "--plan", default="", metavar="KEY", help="take those of a plan, such as runs/NAME/plan.json (blank: the file)"
    )
    group.add_argument(
        "--settings", type=Path, metavar="FILE", help="settings.json (default: /etc/cosmogony/settings.json, if any)"
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another value for a setting, such as releases.keep=5; may be given several times",
    )


def load_settings(options: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a command: of the command line, else the environment, else the plan or the file.

    Args:
        options: of the command, see `add_options`.
        environ: the environment.

    Raises:
        UsageError: a setting is unknown, or has a wrong value.
        StepError: the plan cannot be read.
    """
    from .settings import Settings, apply_environment, apply_overrides

    key = options.plan.strip()
    found = _read_plan(key, options.settings, environ) if key else Settings.load(options.settings)
    return apply_overrides(apply_environment(found, environ), options.set)


def _read_plan(key: str, file: Path | None, environ: Mapping[str, str]) -> Settings:
    from .s3 import Store  # slow to import, and most commands by hand have no plan
    from .settings import Settings, apply_environment

    # of the file only what leads to the plan: it may have been written for a newer version since the run began
    mounted = apply_environment(Settings.load(file, only="storage"), environ)
    document = Store.from_settings(mounted.storage, environ).read_json(key)
    return Settings.from_json(document["settings"], key)
