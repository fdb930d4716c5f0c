#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The node tool of role local_cluster: settings as JSON on standard input, one command, JSON or lines as answer."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from cluster_node.common import NodeError, Settings


def command(options: argparse.Namespace) -> Callable[[Settings], dict[str, Any]]:
    """Each part is imported when it is asked for: the checks run before any package is there."""
    name = options.command
    if name == "check":
        from cluster_node import checks

        return checks.check_machine
    if name == "install":
        from cluster_node import install

        return install.install_programs
    if name == "pki":
        from cluster_node import pki

        return pki.make_pki
    if name == "images":
        from cluster_node import images

        return images.make_images
    if name in ("wait-node", "wait-dns"):
        from cluster_node import waiting

        waiter = waiting.wait_node if name == "wait-node" else waiting.wait_dns
        return lambda settings: waiter(settings, options.wait)
    if name == "prune":
        from cluster_node import prune

        return lambda settings: prune.prune(settings, options.images, options.keep, options.dry_run)
    if name == "status":
        from cluster_node import status

        return status.status
    from cluster_node import lifecycle

    if name == "stop":
        return lambda settings: lifecycle.stop(settings, options.wait if options.wait >= 0 else None)
    return {"start": lifecycle.start, "remove-state": lifecycle.remove_state}[name]


COMMANDS = (
    *("check", "install", "pki", "start", "stop", "remove-state"),
    *("images", "wait-node", "wait-dns", "status", "prune"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--wait", type=float, default=180, help="seconds (default: %(default)s); -1: stop does not")
    parser.add_argument("--images", nargs="+", default=[], metavar="NAME", help="prune: repositories in the registry")
    parser.add_argument(
        "--keep", type=int, default=2, metavar="N", help="prune: newest tags kept (default: %(default)s)"
    )
    parser.add_argument("--dry-run", action="store_true", help="prune: only tell what would go")
    options = parser.parse_args()
    try:
        settings = Settings.from_json(json.load(sys.stdin))
        result = command(options)(settings)
    except NodeError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
