#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws names and comments for a reading test: a fresh reader says what each means before looking it up.

Names are public functions, classes and modules with the module and class that they are in, as their users write them,
and variables of roles and options of modules. Comments are those of programs and YAML files, each whole and, where it
stands behind code, with its line; and the first lines of docstrings, with the name of what they document. Tests and
generated files are left out. The same seed over the same commit draws the same lists; --places adds where each one is.
"""

from __future__ import annotations

import argparse
import ast
import io
import random
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parent.parent
GENERATED = ("images/base/src/cosmogony_steps/settings/model.py", "images/web/src/lib/openapi.d.ts")
DIRECTIVE = re.compile(r"SPDX-|<reference|noqa|type: ignore|fmt: |shellcheck|pylint:|yamllint|!/|──|^\W*\w*$")
LINE_COMMENTS = {".yml": "#", ".yaml": "#", ".sh": "#", ".conf": "#", ".ts": "//", ".vue": "//", ".sql": "--"}


class Drawable(NamedTuple):
    """A name or a comment, with the file and line where it is."""

    text: str
    path: str
    line: int


def list_files() -> list[str]:
    """Return the paths of all files of the checkout that are neither tests nor generated."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return sorted(
        path
        for path in listed
        if path not in GENERATED
        and not {"tests", "changelogs"} & set(Path(path).parts)
        and (ROOT / path).is_file()
        and not path.startswith("molecule/")
    )


def get_module_name(path: str) -> str:
    """Return the name of a Python module as its users write it: `cosmogony.osm.reader`, `modules.readiness`."""
    parts = list(Path(path).with_suffix("").parts)
    for root in ("src", "plugins", "files"):
        if root in parts[:-1]:
            parts = parts[parts.index(root) + 1 :]
            break
    else:
        parts = parts[-1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def walk_definitions(parent: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
    """Walk through the functions and classes of a module or class; what is in a function is private to it."""
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}.{node.name}"
            yield name, node
            if isinstance(node, ast.ClassDef):
                yield from walk_definitions(node, name)
        elif isinstance(node, ast.If | ast.Try):
            yield from walk_definitions(node, prefix)


def find_python_names(path: str, tree: ast.Module) -> Iterator[Drawable]:
    """Find the module, and the functions, methods and classes in it that no underscore marks as private."""
    module = get_module_name(path)
    if not Path(path).stem.startswith("_"):
        yield Drawable(f"module {module}", path, 1)
    for name, node in walk_definitions(tree, module):
        if not any(part.startswith("_") for part in name.removeprefix(module).split(".")):
            kind = "class" if isinstance(node, ast.ClassDef) else "function"
            yield Drawable(f"{kind} {name}", path, getattr(node, "lineno", 1))


def find_docstrings(path: str, tree: ast.Module) -> Iterator[Drawable]:
    """Find the first line of each docstring."""
    module = get_module_name(path)
    for name, node in ((module, tree), *walk_definitions(tree, module)):
        text = ast.get_docstring(node)  # type: ignore[arg-type]  # walk_definitions yields what has one
        if text:
            yield Drawable(f"{name}: {text.splitlines()[0]}", path, getattr(node, "lineno", 1))


def find_python_comments(path: str, source: str) -> Iterator[Drawable]:
    """Find comments that are not meant for a program."""
    lines = source.splitlines()
    alone: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not DIRECTIVE.search(token.string):
            number, column = token.start
            if lines[number - 1][:column].strip():
                yield Drawable(lines[number - 1].strip(), path, number)
            else:
                alone[number] = token.string.lstrip("#: ")
    yield from join_lines(alone, path)


def find_line_comments(path: str, source: str, mark: str) -> Iterator[Drawable]:
    """Find comments that have lines to themselves, in languages without a tokenizer here."""
    alone = {
        number: text.strip().lstrip(f"{mark} ")
        for number, text in enumerate(source.splitlines(), start=1)
        if text.strip().startswith(mark) and not DIRECTIVE.search(text)
    }
    yield from (drawn for drawn in join_lines(alone, path) if len(drawn.text.split()) > 2)


def join_lines(comments: dict[int, str], path: str) -> Iterator[Drawable]:
    """Join the lines of each comment; `comments` has them by line number, in order."""
    for number, text in comments.items():
        if number - 1 not in comments:
            whole = [text]
            while number + len(whole) in comments:
                whole.append(comments[number + len(whole)])
            yield Drawable(" ".join(whole), path, number)


def find_options(options: dict[str, Any], prefix: str, path: str) -> Iterator[Drawable]:
    """Find options, those inside others included; each is named after `prefix`."""
    for name, option in options.items():
        yield Drawable(f"{prefix}{name}", path, 1)
        yield from find_options(option.get("options") or option.get("suboptions") or {}, f"{prefix}{name}.", path)


def find_role_variables(path: str) -> Iterator[Drawable]:
    """Find the variables of a role in its specification."""
    specification = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    for entry_point in specification["argument_specs"].values():
        yield from find_options(entry_point.get("options") or {}, "role variable ", path)


def find_module_options(path: str, tree: ast.Module) -> Iterator[Drawable]:
    """Find the options in the documentation of a module or plugin."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
            documentation = yaml.safe_load(ast.literal_eval(node.value))
            yield from find_options(documentation.get("options") or {}, f"option of {get_module_name(path)}: ", path)


def find_all() -> tuple[list[Drawable], list[Drawable]]:
    """Return every name and every comment of the checkout, each text once."""
    names: dict[str, Drawable] = {}
    comments: dict[str, Drawable] = {}
    for path in list_files():
        found_names: list[Drawable] = []
        found_comments: list[Drawable] = []
        suffix = Path(path).suffix
        if suffix == ".py":
            source = (ROOT / path).read_text(encoding="utf-8")
            tree = ast.parse(source)
            found_names += find_python_names(path, tree)
            found_names += [] if Path(path).stem.startswith("_") else find_module_options(path, tree)
            found_comments += [*find_docstrings(path, tree), *find_python_comments(path, source)]
        elif suffix in LINE_COMMENTS:
            source = (ROOT / path).read_text(encoding="utf-8")
            found_comments += find_line_comments(path, source, LINE_COMMENTS[suffix])
        if path.endswith("meta/argument_specs.yml"):
            found_names += find_role_variables(path)
        for found, kept in ((found_names, names), (found_comments, comments)):
            for each in found:
                kept.setdefault(each.text, each)
    return list(names.values()), list(comments.values())


def main() -> None:
    """Print the names and comments that the seed draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True, help="draws the same lists again")
    parser.add_argument("--count", type=int, default=10, help="how many names, and how many comments (default: 10)")
    parser.add_argument("--places", action="store_true", help="say where each one is")
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311  no secret
    for title, drawables in zip(("Names", "Comments"), find_all(), strict=True):
        print(f"{title} (of {len(drawables)}, seed {options.seed})")
        for number, drawn in enumerate(chance.sample(drawables, options.count), start=1):
            place = f"  [{drawn.path}:{drawn.line}]" if options.places else ""
            print(f"{number:3}. {drawn.text}{place}")
        print()


if __name__ == "__main__":
    main()
