# SPDX-License-Identifier: Apache-2.0
"""The glossary is about this tree: each name in its last column is in use, and no term stands twice."""

from __future__ import annotations

import re
import subprocess

import pytest
from checkout import CHECKOUT

GLOSSARY = "docs/reference/glossary.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (CHECKOUT / GLOSSARY).read_text(encoding="utf-8").splitlines()
    if line.startswith("| **")
]
TEMPLATES = {f"cosmogony-{path.stem}" for path in CHECKOUT.glob("roles/workflows/files/*/*.yaml")}
# Words in capitals stand for a value, as FILE in osm/FILE; what is in use is the text around them.
PLACEHOLDER = re.compile(r"\b(?:ID|FILE|NAME|STEP|WORKFLOW)\b|…|\*")


def name_parts() -> list[tuple[str, str]]:
    """Each term with the longest constant part of each name in code that its row has."""
    return [
        (row[0], max(PLACEHOLDER.split(name), key=len).strip("/_.-: {}"))
        for row in ROWS
        for name in re.findall(r"`([^`]+)`", row[-1])
    ]


def test_every_row_has_four_cells() -> None:
    assert len(ROWS) > 40
    assert [row[0] for row in ROWS if len(row) != 4] == []


def test_terms_are_explained_once() -> None:
    terms = [term for row in ROWS for term in re.findall(r"\*\*([^*]+)\*\*", row[0])]
    assert sorted({term for term in terms if terms.count(term) > 1} - {"extract"}) == []


def is_in_use(part: str) -> bool:
    text = part.split("=")[0]
    searches = [["grep", "-qF", "-e", text, "--", ".", f":!{GLOSSARY}"], ["ls-files", "--error-unmatch", f"*{part}*"]]
    return part in TEMPLATES or any(
        subprocess.run(["git", *search], cwd=CHECKOUT, capture_output=True, check=False).returncode == 0
        for search in searches
    )


@pytest.mark.parametrize(("term", "part"), name_parts())
def test_names_are_in_use(term: str, part: str) -> None:
    assert is_in_use(part), f"{term}: nothing is called {part!r}"
