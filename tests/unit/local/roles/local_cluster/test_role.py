# SPDX-License-Identifier: Apache-2.0
"""The role's own files agree with each other."""

from __future__ import annotations

import dataclasses

import yaml
from checkout import ROLES
from cluster_node.settings import Settings


def test_every_setting_of_the_node_tool_is_given():
    defaults = yaml.safe_load((ROLES["cosmogony.local.local_cluster"] / "defaults/main.yml").read_text())
    options = {name.removeprefix("local_cluster_") for name in defaults}
    fields = {field.name for field in dataclasses.fields(Settings)}
    added = {"packages", "programs"}  # by __local_cluster_settings
    folders = {"state", "run", "cache"}
    assert fields - added - folders <= options
    assert {f"{name}_dir" for name in folders} <= options


def test_old_tags_of_every_image_are_removed():
    names = [
        yaml.safe_load((ROLES[role] / "defaults/main.yml").read_text())[option]
        for role, option in (
            ("cosmogony.local.local_cluster", "local_cluster_prune_images"),
            ("cosmogony.stack.images", "images_names"),
        )
    ]
    assert names[0] == names[1]
