# SPDX-License-Identifier: Apache-2.0
"""Values of the chart that earlier versions had: each is named with the setting that takes its place."""

from __future__ import annotations

import pytest
from ansible_collections.cosmogony.stack.plugins.plugin_utils._chart_values import moved_values
from ansible_collections.cosmogony.stack.plugins.plugin_utils._schema import names_of_variables


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
    assert moved_values(values) == [f"chart_values.{path}: write {name}"]
    assert name in names_of_variables(), "there is such a setting"


def test_all_of_them_are_named_at_once():
    values = {"steps": {"load": {"scratch": "1Gi", "stall": 0}}, "storage": {}, "api": {"replicas": 3}}
    assert moved_values(values) == [
        "chart_values.steps.load.scratch: write cosmogony_steps_load_scratch",
        "chart_values.steps.load.stall: write cosmogony_steps_load_stall",
        "chart_values.storage: write cosmogony_storage",
    ]
    annotations = {"workflowServiceAccount": {"annotations": {"a.example/role": "x"}}}
    assert moved_values(annotations) == [
        "chart_values.workflowServiceAccount.annotations: write workflows_service_account_annotations"
    ]


def test_what_serves_stays():
    stays = {
        "api": {"env": {"A": "b"}}, "tiles": {"replicas": 1, "trex": {"linkResources": {"limits": {"memory": "1Gi"}}}},
        "ingress": {"enabled": True}, "databaseSetup": {"enabled": False}, "siteUrl": "https://a.example",
    }  # fmt: skip
    assert moved_values(stays) == []
