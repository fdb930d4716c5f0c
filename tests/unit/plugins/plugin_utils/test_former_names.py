# SPDX-License-Identifier: Apache-2.0
"""Names of the version before settings had a schema: each is taken today, or refused with the one of today."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.cosmogony.stack.plugins.plugin_utils._former_names import (
    FORMER_NAMES,
    describe_former_chart_values,
    describe_former_names,
)
from ansible_collections.cosmogony.stack.plugins.plugin_utils._schema import map_variable_names
from checkout import CHECKOUT, DATA, ROLES

OPTIONS = {name for role in ROLES.values() for name in yaml.safe_load((role / "defaults/main.yml").read_text()) or {}}
NAMES = OPTIONS | map_variable_names().keys()
LOCAL = (CHECKOUT / "inventories/local/group_vars/all/sources.yml").read_text()


def test_every_name_of_before_is_taken_or_has_a_new_one():
    before = (DATA / "earlier_inventories/names.txt").read_text().split()
    assert [name for name in before if name not in NAMES and name not in FORMER_NAMES] == []


def test_every_new_name_exists_and_no_former_one_does():
    for former, new in FORMER_NAMES.items():
        assert new.partition("[")[0] in NAMES or f"\n{new}:" in LOCAL, former
        assert former not in NAMES, former


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data.sources", "cosmogony_sources"),
        ("data.sourcesAsOriginal", "cosmogony_sources_as_original"),
        ("data.sourceStorage.existingSecret", "cosmogony_source_storage_existing_secret"),
        ("data.sourceVolume.existingClaim", "cosmogony_source_volume_existing_claim"),
        ("data.languages", "cosmogony_languages"),
        ("data.tilesMaxStoredZoom", "cosmogony_tiles_max_stored_zoom"),
        ("data.releasesKeep", "cosmogony_releases_keep"),
        ("data.extractThreads", "cosmogony_extract_threads"),
        ("data.gate.outsideTolerancePercent", "cosmogony_gate_outside_tolerance_percent"),
        ("data.report.webhookSecret", "cosmogony_report_webhook_secret"),
        ("data.report.keepDays", "cosmogony_report_keep_days"),
        ("storage.bucket", "cosmogony_storage_bucket"),
        ("steps.extract.resources", "cosmogony_steps_extract_resources"),
        ("steps.merge.scratch", "cosmogony_steps_merge_scratch"),
        ("database.host", "cosmogony_database_host"),
        ("images.pipeline", "cosmogony_images_pipeline"),
        ("imagePullPolicy", "cosmogony_image_pull_policy"),
        ("imagePullSecrets", "cosmogony_image_pull_secrets"),
        ("tiles.engine", "cosmogony_tiles_engine"),
        ("tiles.trex.generateMaxZoom", "cosmogony_trex_generate_max_zoom"),
        ("tiles.trex.cacheVolume.storageClass", "cosmogony_trex_cache_volume_storage_class"),
    ],
)
def test_a_value_that_moved(path, name):
    values = {"requests": {"cpu": "1"}} if path.endswith("resources") else "x"
    for key in reversed(path.split(".")):
        values = {key: values}
    assert describe_former_chart_values(values) == [f"chart_values.{path} is called {name} now"]
    assert name in NAMES, "there is such a setting"


def test_attribution_belongs_to_each_source():
    said = "is called cosmogony_sources_extracts[].attribution now"
    credits = [{"text": "Amt"}]
    assert describe_former_chart_values({"attribution": credits}) == [f"chart_values.attribution {said}"]
    assert describe_former_names({"cosmogony_attribution": credits}) == [f"cosmogony_attribution {said}"]
    assert describe_former_names({"chart_attribution": "{{ credits }}"}) == [f"chart_attribution {said}"]
    assert describe_former_names({"cosmogony_attribution": []}) == []


def test_all_of_them_are_named_at_once():
    values = {"steps": {"load": {"scratch": "1Gi", "stall": 0}}, "storage": {}, "api": {"replicas": 3}}
    assert describe_former_chart_values(values) == [
        "chart_values.steps.load.scratch is called cosmogony_steps_load_scratch now",
        "chart_values.steps.load.stall is called cosmogony_steps_load_stall now",
        "chart_values.storage is called cosmogony_storage now",
    ]
    annotations = {"workflowServiceAccount": {"annotations": {"a.example/role": "x"}}}
    assert describe_former_chart_values(annotations) == [
        "chart_values.workflowServiceAccount.annotations is called workflows_service_account_annotations now"
    ]


def test_what_serves_stays():
    stays = {
        "api": {"env": {"A": "b"}}, "tiles": {"replicas": 1, "trex": {"linkResources": {"limits": {"memory": "1Gi"}}}},
        "ingress": {"enabled": True}, "databaseSetup": {"enabled": False}, "siteUrl": "https://a.example",
    }  # fmt: skip
    assert describe_former_chart_values(stays) == []
