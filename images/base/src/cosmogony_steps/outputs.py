# SPDX-License-Identifier: Apache-2.0
"""Output parameters of a step: one small file per parameter, which Argo reads."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from .errors import StepError

FOLDER = Path("/tmp/outputs")  # noqa: S108  a volume that no other pod has


def add_outputs_option(parser: argparse.ArgumentParser) -> None:
    """Add the option --outputs DIR to a command."""
    parser.add_argument("--outputs", default=FOLDER, type=Path, metavar="DIR", help="where results go (%(default)s)")


def write_outputs(folder: Path, values: Mapping[str, object]) -> None:
    """Write the output parameters of a step, each to a file with its name: text unchanged, other values as JSON.

    Raises:
        StepError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, value in values.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as cause:
        raise StepError(f"outputs cannot be written to {folder} ({cause}); name a writable folder") from cause
