# SPDX-License-Identifier: Apache-2.0
"""The curl commands of docs/api.md and README.md."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping

from checkout import CHECKOUT

REFERENCE = CHECKOUT / "docs/api.md"
PAGES = (REFERENCE, CHECKOUT / "README.md")
SITE = "http://127.0.0.1:8080/api"  # as the pages have it
REFUSED = "lat=abc"  # in the command that shows an error


def run_examples(url: str, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Run the commands, each block as a separate script; return those that fail, with what they print as errors.

    Args:
        url: of the API, in place of the pages'.
        names: texts of the pages and what to write instead.
    """
    failed = []
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for example in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
        script = example.replace(SITE, url)
        for name, instead in names.items():
            script = script.replace(name, instead)
        wanted = "curl --silent --show-error" + (" --fail" if REFUSED not in script else "")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script.replace("curl -sS", wanted)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            failed.append((script, done.stderr))
    return failed
