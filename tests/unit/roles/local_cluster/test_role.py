# SPDX-License-Identifier: Apache-2.0
"""The role's own files agree with each other."""

from __future__ import annotations

import dataclasses

import yaml
from checkout import CHECKOUT
from cluster_node.common import Settings


def test_every_setting_of_the_node_tool_is_given():
    variables = yaml.safe_load((CHECKOUT / "roles/local_cluster/vars/main.yml").read_text())
    assert set(variables["__local_cluster_settings"]) == {field.name for field in dataclasses.fields(Settings)}
