# SPDX-License-Identifier: Apache-2.0
"""Store the summary of a run and post it to the webhook; without --status post the stored summary again."""

from __future__ import annotations

import argparse

from cosmogony_steps.commands import Subparsers, add_command_with_common_options
from cosmogony_steps.outputs import write_outputs
from cosmogony_steps.step_settings import load_settings

from .context import open_bucket, open_bucket_if_configured


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command_with_common_options(subparsers, "report", run, __doc__)
    parser.add_argument("--run", dest="workflow", required=True, metavar="NAME", help="name of the workflow")
    parser.add_argument(
        "--status", default="", help="how the workflow ended; without it the stored summary is posted again"
    )
    parser.add_argument("--started", default="", metavar="TIME")
    parser.add_argument("--duration", default="", metavar="SECONDS")
    parser.add_argument("--parameters", default="", metavar="JSON", help="parameters of the workflow")
    parser.add_argument("--failures", default="", metavar="JSON", help="failed nodes as Argo lists them")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    settings = load_settings(options)
    from ..reports import report
    from ..reports.ended_run import EndedRun

    if not options.status:
        report.post_summary_again(options.workflow, open_bucket(settings))
        return
    summary = report.report_run(EndedRun.from_options(options), open_bucket_if_configured(settings), settings)
    report.print_summary(summary)
    write_outputs(options.outputs, {"result": summary.result})
