# SPDX-License-Identifier: Apache-2.0
"""axe-core, the accessibility checks, run inside a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "images" / "web" / "lint" / "node_modules" / "axe-core" / "axe.min.js"
# Success criteria of WCAG 2.2, levels A and AA, and what axe takes for good practice.
CHECK = """
async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
  const { violations } = await axe.run(document, { runOnly: tags, resultTypes: ['violations'] })
  return violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, nodes: nodes.map(node => node.html) }))
}
"""
SERIOUS = {"serious", "critical"}


def find_serious_problems(page: Page) -> list[dict[str, Any]]:
    """Return what axe finds in the page and takes for serious: rule, impact, help, elements."""
    if not AXE.is_file():
        pytest.fail(f"{AXE} is missing: run make e2e, or npm ci --prefix images/web/lint", pytrace=False)
    # Evaluated by the browser's debugger, because the content security policy of the page allows no other scripts.
    page.evaluate(AXE.read_text())
    return [each for each in page.evaluate(CHECK) if each["impact"] in SERIOUS]
