# SPDX-License-Identifier: Apache-2.0
"""Output parameters of a step: one small file each, read by Argo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cosmogony_steps.errors import StepError


def write_outputs(folder: Path, values: dict[str, Any]) -> None:
    """Write every value to FOLDER/NAME; lists and objects as JSON, booleans as true/false."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, value in values.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as cause:
        raise StepError(f"outputs cannot be written to {folder} ({cause}); name a writable folder") from cause
