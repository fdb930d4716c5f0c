#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes extracts from atlases: options as JSON on standard input, `plan` or `make`, JSON as output."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

from atlas_osm.errors import AtlasError
from atlas_osm.extracts import Extract


def main(arguments: list[str]) -> int:
    """Plan or make the extracts that standard input describes; return the exit code."""
    if arguments not in (["plan"], ["make"]):
        print("usage: atlas.py plan|make < options.json", file=sys.stderr)
        return 2
    options = json.load(sys.stdin)
    folder = Path(options["dir"])
    try:
        wanted = [Extract.from_options(item) for item in options["files"]]
        missing = [extract for extract in wanted if not extract.is_made(folder)]
        if missing:
            _check_library()
        if arguments == ["plan"]:
            print(json.dumps({"missing": [extract.name for extract in missing]}))
            return 0
        cache, registry = Path(options["cache"]), options["registry"]
        made = {extract.name: extract.make(folder, cache, registry) for extract in missing}
    except (AtlasError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"made": made}))
    return 0


def _check_library() -> None:
    if importlib.util.find_spec("osmium") is None:
        raise AtlasError(
            f"pyosmium is missing, {sys.executable} cannot import osmium, so the extracts of sample 'world' cannot be "
            "made. `make venv` installs it; elsewhere: pip install 'osmium>=4.1,<5'."
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
