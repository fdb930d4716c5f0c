# SPDX-License-Identifier: Apache-2.0
"""The reading test draws the same lists again, from the product only."""

from __future__ import annotations

import ast
import subprocess
import sys

from checkout import CHECKOUT
from draw_reading_test import find_line_comments, find_python_comments, find_python_names, get_module_name


def draw(*options: str) -> list[str]:
    command = [sys.executable, str(CHECKOUT / "tools/draw_reading_test.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line[:3].strip().isdigit()]


def test_same_seed_draws_the_same_lists() -> None:
    assert draw("--seed=3") == draw("--seed=3")
    assert draw("--seed=3") != draw("--seed=4")
    assert len(draw("--seed=3")) == 20


def test_places_are_shown_on_demand_and_name_no_tests() -> None:
    drawn = draw("--seed=3", "--count=200", "--places")
    assert [line.rsplit("  [", 1)[0] for line in drawn] == draw("--seed=3", "--count=200")
    assert not any("/tests/" in line or "[tests/" in line for line in drawn)


def test_comments_are_whole_and_behind_code_have_their_line() -> None:
    source = """# The first line
# and the second one.
LIMIT = 10  # names in a message

def name_it():
    pass
"""
    drawn = [each.text for each in find_python_comments("x.py", source)]
    assert sorted(drawn) == ["LIMIT = 10  # names in a message", "The first line and the second one."]
    assert [each.text for each in find_line_comments("x.yml", "a: 1\n# One comment\n# of two lines\n", "#")] == [
        "One comment of two lines"
    ]


def test_names_are_those_that_users_write() -> None:
    source = """
class Reader:
    def read_zone(self):
        def helper(): ...
    def _open(self): ...
class _Hidden:
    def method(self): ...
"""
    names = find_python_names("images/cosmogony/src/cosmogony/osm/reader.py", ast.parse(source))
    assert [each.text for each in names] == [
        "module cosmogony.osm.reader",
        "class cosmogony.osm.reader.Reader",
        "function cosmogony.osm.reader.Reader.read_zone",
    ]


def test_a_module_named_like_a_root_keeps_its_name() -> None:
    path = "local/roles/local_cluster/files/cluster_node/private_files.py"
    assert get_module_name(path) == "cluster_node.private_files"
