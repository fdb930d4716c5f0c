# SPDX-License-Identifier: Apache-2.0
"""Ask every source what it has, decide whether there is anything to do, and store that as the plan of a run."""

from __future__ import annotations

import argparse
import os

from cosmogony_steps import object_keys
from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.value_parsing import parse_boolean


def register(subparsers: Subparsers) -> None:
    """Add the command `cosmogony-pipeline plan`."""
    parser = add_command_with_common_options(subparsers, "plan", run, __doc__)
    parser.add_argument("--run", dest="workflow", required=True, metavar="NAME", help="name of the workflow")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why a new release is wanted with the same inputs")
    parser.add_argument("--force", default="false", metavar="BOOL", help="make a release even if nothing changed")
    parser.add_argument(
        "--mode", default="full", metavar="MODE", help="full, changed, source or reimport (%(default)s)"
    )
    parser.add_argument(
        "--only", default="", metavar="NAME", help="with mode source: the one source to bring up to date"
    )


def run(options: argparse.Namespace) -> None:
    """Run `cosmogony-pipeline plan`: store the plan of a data update, and report what is to be done."""
    from cosmogony_steps.plans import write_plan

    from ..context import CommandContext
    from ..steps.kept_releases import list_kept_releases
    from ..steps.plan import make_plan
    from ..steps.plan_outputs import make_outputs

    workflow = object_keys.validate_run_name(options.workflow)
    context = CommandContext.from_options(options)
    plan = make_plan(
        context.store,
        workflow,
        context.list_sources(),
        context.make_inputs(options.reason.strip()),
        list_kept_releases(context.settings.database, os.environ),
        context.settings,
        force=parse_boolean(options.force, "--force"),
        mode=options.mode.strip() or "full",
        only=options.only.strip(),
    )
    write_outputs(options.outputs, make_outputs(plan, write_plan(context.store, plan)))
