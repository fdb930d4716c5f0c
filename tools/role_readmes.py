#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables in the READMEs of roles, the README of the chart, and the options of roles in inventories/prod.

The tables of entry points and variables are made from meta/argument_specs.yml and defaults/main.yml, between the
markers `<!-- begin NAME -->` and `<!-- end NAME -->`. With --check nothing is written; files that are not up to date
are named, and the exit code is 1.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import chart_readme
import option_examples
import yaml
from generated_files import ROOT, fill_between_markers, update_files

COLLECTIONS = (ROOT, ROOT / "local")
SETTING = re.compile(r"\{\{ lookup\('cosmogony\.stack\.settings', '([a-z_.]+)'\) \}\}")
#: The type in `(int) Seconds to wait`: how the description of an option of type raw begins.
RAW_TYPE = re.compile(r"\(([^)]+)\) ")
#: Left out of descriptions, because the table has a column for the default.
DEFAULT_SENTENCE = re.compile(r" By default (the setting )?C\([^)]*\)\.")
MARKUP = re.compile(r"\b[BCEIOV]\(([^)]*)\)")
LONGEST_DEFAULT = 60


def render_files() -> dict[Path, str | None]:
    """Return all files with renewed content, by path."""
    files: dict[Path, str | None] = {**chart_readme.render_page(), **option_examples.render_page(describe_option)}
    for role in [path.parent for root in COLLECTIONS for path in sorted(root.glob("roles/*/meta"))]:
        readme = role / "README.md"
        try:
            files[readme] = fill_tables(readme.read_text(encoding="utf-8"), role)
        except ValueError as error:
            raise SystemExit(f"{readme.relative_to(ROOT)}: {error}") from error
    return files


def fill_tables(text: str, role: Path) -> str:
    """Return the text of a README, with the tables of its role renewed.

    Raises:
        ValueError: a marker is missing.
    """
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text(encoding="utf-8")) or {}
    tables = {"variables": list_variable_rows(specs["main"]["options"], defaults)}
    if len(specs) > 1:
        tables["entry points"] = list_entry_point_rows(specs)
    for name, lines in tables.items():
        text = fill_between_markers(text, name, lines)
    return text


def list_entry_point_rows(specs: Mapping[str, Any]) -> list[str]:
    """Return the rows of the table of entry points, values of `tasks_from`."""
    rows = [(f"`{name}`", to_markdown(spec["short_description"])) for name, spec in specs.items()]
    return ["| entry point | what it does |", "|---|---|", *map(format_row, rows)]


def list_variable_rows(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    """Return the rows of the table of variables."""
    rows = [row for name, option in options.items() for row in describe_option(name, option, defaults[name])]
    return ["| variable | type | default | meaning |", "|---|---|---|---|", *map(format_row, rows)]


def describe_option(name: str, option: Mapping[str, Any], default: Any) -> Iterator[tuple[str, ...]]:
    """Yield the cells of an option, then those of the keys of its dictionaries."""
    description = DEFAULT_SENTENCE.sub("", " ".join(to_paragraphs(option["description"])))
    kind = describe_type(option)
    if kind == "raw" and (match := RAW_TYPE.match(description)):
        kind, description = match[1], description[match.end() :]
    if choices := [str(choice) for choice in option.get("choices", []) if choice]:
        description += f" One of {', '.join(f'`{choice}`' for choice in choices)}."
    yield f"`{name}`", kind, describe_default(default), to_markdown(description)
    for key, child in option.get("options", {}).items():
        default = "required" if child.get("required") else child.get("default", "")
        yield from describe_option(f"{name}[].{key}", child, default)


def describe_type(option: Mapping[str, Any]) -> str:
    """Return the type of an option as words."""
    return f"list of {option['elements']}" if "elements" in option else str(option["type"])


def describe_default(default: Any) -> str:
    """Return a default as a cell: the setting that it is, a value, or where to find it."""
    if isinstance(default, str) and (match := SETTING.fullmatch(default)):
        return f"`cosmogony_{match[1].replace('.', '_')}`"
    if default in ("", [], {}) or default == "required":
        return str(default) if default == "required" else ""
    text = default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)
    return f"`{text.strip()}`" if len(text) <= LONGEST_DEFAULT else "[defaults](defaults/main.yml)"


def to_markdown(text: str) -> str:
    """Return text with Ansible's markup as Markdown: `C(main)` as code."""
    return MARKUP.sub(r"`\1`", text)


def format_row(cells: tuple[str, ...]) -> str:
    """Return the cells as a row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def to_paragraphs(value: str | list[str]) -> list[str]:
    """Return a description as a list of paragraphs."""
    return [value] if isinstance(value, str) else value


if __name__ == "__main__":
    sys.exit(update_files(render_files, "make docs", __doc__))
