# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/install.md, with the names of a site in place of those of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping

from checkout import CHECKOUT

PAGE = CHECKOUT / "docs/install.md"


class Guide:
    """The page."""

    def __init__(self, replaced: Mapping[str, str]) -> None:
        """Take what a reader replaces: texts of the page, each with the reader's own."""
        self._replaced = replaced
        self._sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL))

    def read_blocks(self, title: str, language: str = "shell") -> list[str]:
        """Return the blocks of the section whose title has these words."""
        (section,) = (text for name, text in self._sections.items() if title in name)
        blocks = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        assert blocks, f"section {title} of {PAGE.name} has no block of {language}"
        return [self._replace(block) for block in blocks]

    def list_settings(self) -> dict[str, list[str]]:
        """Return the settings that the page says have to be changed, by file of the inventory."""
        rows = re.findall(r"^\| `(\w+\.yml)` \| (.+) \|$", self._sections["7. Inventory"], re.MULTILINE)
        return {file: re.findall(r"\b(?:cosmogony|chart|workflows)_\w+", text) for file, text in rows}

    def list_bucket_rights(self) -> list[list[str]]:
        """Return the rights that keys need on the bucket, and those on its objects."""
        rows = re.findall(r"^\| .+ \| (`s3:.+) \|$", self._sections["5. Bucket"], re.MULTILINE)
        return [re.findall(r"s3:\w+", row) for row in rows]

    def _replace(self, text: str) -> str:
        for theirs, ours in self._replaced.items():
            text = text.replace(theirs, ours)
        return text
