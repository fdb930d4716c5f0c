# SPDX-License-Identifier: Apache-2.0
"""Lookup plugin: one digest of all files in a folder."""

from __future__ import annotations

DOCUMENTATION = r"""
name: content_digest
author:
  - The cosmogony.stack contributors (!UNKNOWN)
version_added: 0.1.0
short_description: Digest of the contents of a folder
description:
  - Returns one SHA-256 digest for each given folder. It changes when a file in the folder is added, removed, renamed or
    edited, or becomes executable.
  - Two folders with the same digest give the same container image build context. Times, owners, empty folders and
    the path of the folder itself do not count.
  - Files that the folder's ignore file excludes do not count, by the rules Docker has for C(.dockerignore).
    The files of O(always) count in any case.
options:
  _terms:
    description: Folders on the controller.
    type: list
    elements: path
    required: true
  values:
    description:
      - Further values that the digest shall depend on, build arguments for example.
      - They are folded in as canonical JSON, so the order of the keys does not count.
    type: dict
    default: {}
  ignore_file:
    description: Name of the file, at the top of the folder, with the patterns of what does not count.
    type: str
    default: .dockerignore
  always:
    description: Relative paths that count even when the ignore file excludes them.
    type: list
    elements: str
    default: [Dockerfile]
  length:
    description: How many hexadecimal digits to return, from 8 to 64.
    type: int
    default: 64
"""

EXAMPLES = r"""
- name: Name an image after what it is made of
  ansible.builtin.set_fact:
    api_image: "registry.example.org/cosmogony/api:{{ tag }}"
  vars:
    tag: >-
      {{ lookup('cosmogony.stack.content_digest', '/srv/images/api',
                values={'BASE_IMAGE': 'docker.io/library/debian:trixie-slim'}, length=16) }}

- name: Show the digests of two folders
  ansible.builtin.debug:
    msg: "{{ query('cosmogony.stack.content_digest', '/srv/images/api', '/srv/images/web') }}"
"""

RETURN = r"""
_raw:
  description: One digest for each folder, in hexadecimal digits.
  type: list
  elements: str
  sample: ["9f2c1e07a55d1b83"]
"""

import functools
import hashlib
import json
import os
import posixpath
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

CHUNK = 1 << 20


@functools.cache
def _compile_pattern(pattern: str) -> re.Pattern[str]:
    """Translate one pattern of an ignore file: ** crosses folders, * and ? do not."""
    out, i = "", 0
    while i < len(pattern):
        char = pattern[i]
        if pattern.startswith("**", i):
            i += 2
            if pattern.startswith("/", i):
                i += 1
                out += "(?:.*/)?"
            else:
                out += ".*"
            continue
        if char == "*":
            out += "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "\\" and i + 1 < len(pattern):
            i += 1
            out += re.escape(pattern[i])
        elif char == "[" and "]" in pattern[i + 1 :]:
            end = pattern.index("]", i + 1)
            body = pattern[i + 1 : end]
            out += "[" + ("^" + body[1:] if body[:1] in "^!" and body else body) + "]"
            i = end
        else:
            out += re.escape(char)
        i += 1
    return re.compile(out, re.DOTALL)


def parse_patterns(text: str) -> list[tuple[bool, str]]:
    """Return (keeps, pattern) of each line; keeps is true for a line that begins with an exclamation mark."""
    patterns: list[tuple[bool, str]] = []
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if raw.startswith("#") or not raw.strip():
            continue
        line = raw.strip()
        keeps = line.startswith("!")
        line = line[1:].strip() if keeps else line
        if not line:
            raise ValueError(f"line {number} holds an exclamation mark and no pattern")
        cleaned = posixpath.normpath(line).lstrip("/")
        if cleaned not in ("", "."):
            patterns.append((keeps, cleaned))
    return patterns


def is_ignored(path: str, patterns: Sequence[tuple[bool, str]]) -> bool:
    """Return whether the last pattern that meets the path, or a folder above it, excludes it."""
    parts = path.split("/")
    chain = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    ignored = False
    for keeps, pattern in patterns:
        if keeps == ignored and any(_compile_pattern(pattern).fullmatch(step) for step in chain):
            ignored = not keeps
    return ignored


def list_files(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield every file and link below root with its relative path; links are not followed."""
    for folder, names, files in os.walk(root):
        for name in list(names):
            if (Path(folder) / name).is_symlink():
                names.remove(name)
                files.append(name)
        for name in files:
            path = Path(folder) / name
            yield path.relative_to(root).as_posix(), path


def _digest_file(path: Path) -> tuple[str, str]:
    """Return the kind of a file (link, program, plain file) and the digest of its content."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "link", hashlib.sha256(os.fsencode(path.readlink())).hexdigest()
    if not stat.S_ISREG(mode):
        raise ValueError(
            f"{path} is neither a file nor a link; take it out of the folder or name it in the ignore file"
        )
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(CHUNK):
            digest.update(block)
    return ("program" if mode & stat.S_IXUSR else "file"), digest.hexdigest()


def compute_digest(
    root: Path,
    values: Mapping[str, Any] | None = None,
    ignore_file: str = ".dockerignore",
    always: Sequence[str] = ("Dockerfile",),
) -> str:
    """Return one SHA-256 digest over all files of a folder that are not ignored, and over further values."""
    if not root.is_dir():
        raise ValueError(f"{root} is not a folder")
    ignore_path = root / ignore_file
    patterns: list[tuple[bool, str]] = []
    if ignore_file and ignore_path.is_file():
        try:
            patterns = parse_patterns(ignore_path.read_text(encoding="utf-8"))
        except (re.error, ValueError) as error:
            raise ValueError(f"{ignore_path}: {error}") from error
    digest = hashlib.sha256()
    for relative, path in sorted(list_files(root), key=lambda item: os.fsencode(item[0])):
        if relative in always or not is_ignored(relative, patterns):
            kind, content = _digest_file(path)
            digest.update(os.fsencode(f"{kind}\0{relative}\0{content}\n"))
    digest.update(json.dumps(dict(values or {}), sort_keys=True, separators=(",", ":")).encode())
    return digest.hexdigest()


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core has no types
    """The lookup plugin content_digest."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return one digest for each folder."""
        self.set_options(var_options=variables, direct=kwargs)
        length = self.get_option("length")
        if not 8 <= length <= 64:
            raise AnsibleLookupError(f"content_digest: length is {length}; give a number from 8 to 64")
        try:
            return [
                compute_digest(
                    Path(term).expanduser(),
                    self.get_option("values"),
                    self.get_option("ignore_file"),
                    self.get_option("always"),
                )[:length]
                for term in terms
            ]
        except (OSError, TypeError, ValueError, re.error) as error:
            raise AnsibleLookupError(f"content_digest: {error}") from error
