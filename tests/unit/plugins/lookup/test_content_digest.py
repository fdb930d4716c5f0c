# SPDX-License-Identifier: Apache-2.0
"""The lookup plugin content_digest: what moves the digest of a folder and what does not."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleLookupError
from ansible_collections.cosmogony.stack.plugins.lookup import content_digest as plugin
from checkout import IMAGES
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a small build context."""
    root = tmp_path / "context"
    (root / "src" / "deep").mkdir(parents=True)
    (root / "Dockerfile").write_text("FROM scratch\n")
    (root / "src" / "main.py").write_text("print('hello')\n")
    (root / "src" / "deep" / "data.txt").write_text("1\n")
    (root / "run.sh").write_text("true\n")
    return root


def digest(root: Path, **options) -> str:
    """Ask the plugin as a playbook does, less the templating."""
    lookup = plugin.LookupModule()
    lookup._load_name = "cosmogony.stack.content_digest"
    options = {"values": {}, "ignore_file": ".dockerignore", "always": ["Dockerfile"], "length": 64} | options
    lookup.set_options = lambda var_options=None, direct=None: None
    lookup.get_option = options.__getitem__
    (answer,) = lookup.run([str(root)])
    return answer


def test_a_digest_is_sha256_in_hexadecimal(folder: Path) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", digest(folder))
    assert digest(folder, length=16) == digest(folder)[:16]


def test_place_times_owners_and_empty_folders_do_not_count(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "other-name"
    shutil.copytree(folder, copy)
    os.utime(copy / "run.sh", (1, 1))
    (copy / "empty").mkdir()
    (copy / "src" / "main.py").chmod(0o600)
    assert digest(copy) == digest(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "src" / "main.py").write_text("print('hullo')\n"),
        lambda root: (root / "src" / "main.py").rename(root / "src" / "main2.py"),
        lambda root: (root / "run.sh").chmod(0o755),
        lambda root: (root / "src" / "deep" / "data.txt").unlink(),
        lambda root: (root / "new").write_text(""),
        lambda root: (root / "link").symlink_to("run.sh"),
        lambda root: (root / ".dockerignore").write_text("run.sh\n"),
    ],
    ids=["content", "name", "executable", "removed", "added", "link", "ignored"],
)
def test_what_a_build_would_see_counts(folder: Path, change) -> None:
    before = digest(folder)
    change(folder)
    assert digest(folder) != before


def test_a_link_counts_by_its_target_and_is_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "link").symlink_to(outside)
    before = digest(folder)
    (outside / "file").write_text("x")
    assert digest(folder) == before
    (folder / "link").unlink()
    (folder / "link").symlink_to(tmp_path)
    assert digest(folder) != before


def test_names_and_contents_cannot_trade_places(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    (one / "ab").write_text("c")
    (two / "a").write_text("bc")
    assert digest(one) != digest(two)


def test_values_count_and_their_order_does_not(folder: Path) -> None:
    values = {"BASE_IMAGE": "debian:trixie-slim", "MARTIN_IMAGE": "martin:1.14.0"}
    assert digest(folder, values=values) == digest(folder, values=dict(reversed(values.items())))
    assert digest(folder, values=values) != digest(folder)
    assert digest(folder, values=values) != digest(folder, values=values | {"BASE_IMAGE": "debian:forky-slim"})


def test_ignored_files_do_not_count(folder: Path) -> None:
    (folder / ".dockerignore").write_text("# caches\n\n**/__pycache__\ntests\n")
    before = digest(folder)
    for name in ("src/__pycache__/main.pyc", "__pycache__/x", "tests/test_main.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    assert digest(folder) == before


def test_the_dockerfile_counts_even_when_ignored(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*\n!src\n")
    before = digest(folder)
    (folder / "run.sh").write_text("false\n")
    assert digest(folder) == before
    (folder / "Dockerfile").write_text("FROM other\n")
    assert digest(folder) != before


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        ("*.md", "README.md", True),
        ("*.md", "docs/README.md", False),
        ("**/*.md", "docs/README.md", True),
        ("**/*.md", "README.md", True),
        ("docs", "docs/deep/README.md", True),
        ("docs/", "docs/README.md", True),
        ("/docs", "docs/README.md", True),
        ("docs", "mydocs/README.md", False),
        ("docs/**", "docs/a/b", True),
        ("docs/**", "docs", False),
        ("**", "any/thing", True),
        ("*\n!src", "src/main.py", False),
        ("*\n!src\nsrc/main.py", "src/main.py", True),
        ("!src\n*", "src/main.py", True),
        ("*\n!src/**/*.py", "src/a/b.py", False),
        ("temp?", "temp1", True),
        ("temp?", "temp", False),
        ("temp?/x", "temp/x", False),
        ("[ab]*.txt", "a1.txt", True),
        ("[^ab]*.txt", "a1.txt", False),
        ("a.b", "axb", False),
        ("a\\*b", "a*b", True),
        ("a\\*b", "axb", False),
        ("./x/../docs", "docs/a", True),
        (".", "docs/a", False),
    ],
)
def test_patterns_mean_what_docker_means(patterns: str, path: str, ignored: bool) -> None:
    assert plugin.is_ignored(path, plugin.parse_patterns(patterns)) is ignored


@given(st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=4))
def test_a_plain_path_ignores_itself_and_what_is_below(parts: list[str]) -> None:
    path = "/".join(parts)
    patterns = plugin.parse_patterns(path)
    assert plugin.is_ignored(path, patterns)
    assert plugin.is_ignored(path + "/below", patterns)
    assert not plugin.is_ignored(path + "x", patterns)


def test_errors_name_the_thing(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AnsibleLookupError, match=r"content_digest: .*/absent is not a folder"):
        digest(tmp_path / "absent")
    with pytest.raises(AnsibleLookupError, match="length is 4; give a number from 8 to 64"):
        digest(folder, length=4)
    (folder / ".dockerignore").write_text("a\n!\n")
    with pytest.raises(AnsibleLookupError, match=r"\.dockerignore: line 2 holds an exclamation mark and no pattern"):
        digest(folder)
    (folder / ".dockerignore").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(AnsibleLookupError, match="pipe is neither a file nor a link"):
        digest(folder)


def test_documentation_names_every_option() -> None:
    documented = set(yaml.safe_load(plugin.DOCUMENTATION)["options"]) - {"_terms"}
    assert documented == {"values", "ignore_file", "always", "length"}
    assert yaml.safe_load(plugin.EXAMPLES)
    assert yaml.safe_load(plugin.RETURN)["_raw"]["type"] == "list"


IMAGE_NAMES = sorted(path.parent.name for path in IMAGES.glob("*/Dockerfile"))


@pytest.mark.parametrize("image", IMAGE_NAMES)
def test_what_tools_leave_in_the_folder_of_an_image_does_not_count(image: str, tmp_path: Path) -> None:
    """A checkout with an environment and one without have the same tags."""
    context = tmp_path / image
    leftovers = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules", "dist", "build", ".*_cache")
    shutil.copytree(IMAGES / image, context, ignore=leftovers)
    before = digest(context)
    for name in ("src/one.egg-info/PKG-INFO", "src/one/__pycache__/a.pyc", "node_modules/b.js", "dist/c", "tests/d.py"):
        if image == "web" and name.startswith(("src/", "tests/")):
            continue  # no Python there, and its tests run in the build
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text("x")
    assert digest(context) == before
