# SPDX-License-Identifier: Apache-2.0
"""Load the settings of a command: those of the mounted file, or those that the plan of its run has stored."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .documents import Plan
    from .settings import Settings


def add_settings_options(parser: argparse.ArgumentParser) -> None:
    """Add the options --plan KEY, --settings FILE and --set NAME=VALUE to a command."""
    group = parser.add_argument_group("settings")
    group.add_argument(
        "--plan",
        default="",
        metavar="KEY",
        help="take the settings of a plan, such as runs/NAME/plan.json (blank: of the file)",
    )
    group.add_argument(
        "--settings", type=Path, metavar="FILE", help="settings.json (default: /etc/cosmogony/settings.json, if any)"
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="override a setting, such as releases.keep=5; may be repeated",
    )


def load_settings(options: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a command: those of the plan or the file, overridden by variables, then by --set.

    Args:
        options: of the command, see `add_settings_options`.
        environ: environment variables.

    Raises:
        UsageError: a setting is unknown, or has a wrong value.
        StepError: the plan cannot be read.
    """
    return load_settings_with_plan(options, read_plan_of_options(options, environ), environ)


def read_plan_of_options(options: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> Plan | None:
    """Return the plan that --plan names; None if it is blank. Raises the same errors as `load_settings`."""
    if not (key := options.plan.strip()):
        return None
    from .plans import read_plan  # slow to import, and commands that people run rarely have a plan
    from .s3 import Store
    from .settings import Settings, apply_environment

    # only the section storage: a newer version may have replaced the rest of the file since the run began
    mounted = apply_environment(Settings.load(options.settings, only="storage"), environ)
    return read_plan(Store.from_settings(mounted.storage, environ), key)


def load_settings_with_plan(
    options: argparse.Namespace, plan: Plan | None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Return the settings of a command whose plan was read already. Raises the same errors as `load_settings`."""
    from .settings import Settings, apply_environment, apply_overrides

    found = plan.settings if plan else Settings.load(options.settings)
    return apply_overrides(apply_environment(found, environ), options.set)
