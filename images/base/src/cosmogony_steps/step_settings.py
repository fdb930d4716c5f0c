# SPDX-License-Identifier: Apache-2.0
"""Which settings a command works with: those that are mounted, or those that the plan of its run has kept."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping

from .settings import Settings, apply_environment


def add_plan_option(parser: argparse.ArgumentParser) -> None:
    """Add --plan KEY."""
    parser.add_argument(
        "--plan", default="", metavar="KEY", help="work with the settings of this plan (blank: the mounted ones)"
    )


def load_settings(options: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a command. Variables of the environment go before those of the plan, or of the file.

    Args:
        options: of the command, with `plan`: the key of a plan in the bucket, or blank.
        environ: the environment.

    Raises:
        UsageError: a setting is unknown, or has a wrong value.
        StepError: the plan cannot be read.
    """
    key = options.plan.strip()
    return apply_environment(_read_plan(key, environ) if key else Settings.load(), environ)


def _read_plan(key: str, environ: Mapping[str, str]) -> Settings:
    from .s3 import Store  # slow to import, and most commands by hand have no plan

    # of the file only what leads to the plan: it may have been written for a newer version since the run began
    mounted = apply_environment(Settings.load(only="storage"), environ)
    document = Store.from_settings(mounted.storage, environ).read_json(key)
    return Settings.from_json(document["settings"], key)
