#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The node tool of role local_cluster: settings as JSON on standard input, JSON as the last line of output."""

from __future__ import annotations

import argparse
import importlib
import json
import sys

from cluster_node.settings import NodeError, Settings

# Module, function and options of each command. Modules are imported only when needed: `check` runs before the
# packages that others import are installed.
COMMANDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "check": ("checks", "check_machine", ()),
    "install": ("installation", "install_programs", ("dry_run",)),
    "pki": ("pki", "make_pki", ("dry_run",)),
    "start": ("lifecycle", "start_daemons", ()),
    "stop": ("lifecycle", "stop_daemons", ("wait",)),
    "remove-state": ("lifecycle", "remove_state", ()),
    "images": ("images", "make_missing_images", ()),
    "wait-node": ("waiting", "wait_for_node", ("wait",)),
    "wait-dns": ("waiting", "wait_for_dns", ("wait",)),
    "status": ("status", "collect_status", ()),
    "prune": ("prune", "prune_images", ("images", "keep", "dry_run")),
}


def main() -> int:
    """Run the command of the command line, print its result as JSON, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--wait", type=float, default=180, help="seconds (default: %(default)s); -1: stop does not")
    parser.add_argument("--images", nargs="+", default=[], metavar="NAME", help="prune: repositories in the registry")
    parser.add_argument("--keep", type=int, default=2, metavar="N", help="prune: newest tags kept (default: 2)")
    parser.add_argument("--dry-run", action="store_true", help="install, pki, prune: only say what would change")
    options = parser.parse_args()
    module, function, names = COMMANDS[options.command]
    try:
        run = getattr(importlib.import_module(f"cluster_node.{module}"), function)
        result = run(Settings.from_json(json.load(sys.stdin)), **{name: getattr(options, name) for name in names})
    except NodeError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
