# SPDX-License-Identifier: Apache-2.0
"""The lookups settings, role_options and role_settings, and the filter step_settings, in a playbook."""

from __future__ import annotations

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_plays import evaluate

SETTINGS = "lookup('cosmogony.stack.settings')"
GATE = "lookup('cosmogony.stack.settings', 'gate')"
ROLE = "lookup('cosmogony.stack.role_settings', 'workflows')"
OPTIONS = "lookup('cosmogony.stack.role_options', 'data_update')"
VARIABLES = {
    "domain": "example.org",
    "cosmogony_registry": "registry.{{ domain }}",
    "cosmogony_base_image": "{{ cosmogony_registry }}/debian",
    "cosmogony_storage": {"endpoint": "s3.{{ domain }}", "secure": "{{ 'false' }}", "region": None},
    "cosmogony_sources": [{"url": "https://{{ domain }}/a.osm.pbf"}],
    "cosmogony_kube_context": "{{ omit }}",
    "cosmogony_languages": "{{ ['de', 'fr'] }}",
    "cosmogony_database_port": "{{ 5000 + 433 }}",
    "cosmogony_docker_host": "{{ nobody_asks_for_it }}",
    "data_update_run": "{{ '' }}",
    "data_update_force": "yes",
    "data_update_parallelism": "3",
    "data_update_wait_timeout": None,
    "status_disk_paths": "/a,/b",
}
WRONG_SETTINGS = {
    "cosmogony_gate_x": 1,
    "cosmogony_database": {"prot": 1, "host": "{{ gone.by }}"},
    "cosmogony_sample_sources": {},
    "chart_gate_incomplete": "allow",
    "chart_values": {"steps": {"load": {"stall": "{{ not_yet_known }}"}}},
}
WRONG_OPTIONS = {"data_update_force": "perhaps", "data_update_parallelism": "many", "data_update_mode": True}
WHOLE = {"cosmogony_docker_host": ""}  # all settings are evaluated
CASES = {
    "section": ("lookup('cosmogony.stack.settings', 'storage')", {}),
    "setting": ("lookup('cosmogony.stack.settings', 'base_image')", {}),
    "several": (
        "query('cosmogony.stack.settings', 'registry.host', 'kube_context', 'languages', 'database.port')",
        {},
    ),
    "arithmetic": ("{'port': lookup('cosmogony.stack.settings', 'database').port + 1}", {}),
    "list": ("lookup('cosmogony.stack.settings', 'sources.extracts')", {}),
    "steps": (f"{ROLE}.settings | cosmogony.stack.step_settings",
              WHOLE | {"workflows_gate": {"max_loss_percent": "3"}}),
    "role": (ROLE, WHOLE | {
        "workflows_gate": {"max_loss_percent": "3"}, "cosmogony_gate_max_loss_zones": 7, "workflows_parallelism": "5",
        "cosmogony_images_pipeline": "r/pipeline:ours", "cosmogony_trex_existing_secret": "cosmogony-s3",
        "cosmogony_storage": {"existing_secret": "theirs"},
        "images_references": {"pipeline": "r/pipeline:built", "importer": "r/importer:built", "base": "r/base:built"},
    }),
    "options": (OPTIONS, {}),
    "paths": ("lookup('cosmogony.stack.role_options', 'status').disk_paths", {}),
    "path": ("lookup('cosmogony.stack.settings', 'gate.max_los_percent')", {}),
    "template": (SETTINGS, {}),
    "role option": (ROLE, WHOLE | {"workflows_gate": {"x": 1}}),
    "all together": (GATE, WRONG_SETTINGS),
    "options together": (OPTIONS, WRONG_OPTIONS),
}  # fmt: skip


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """The value or the message of each case."""
    folder = tmp_path_factory.mktemp("settings")
    (folder / "password").write_text("of the vault")
    encrypted = VaultLib([("default", VaultSecret(b"of the vault"))]).encrypt(b"s3cret").decode()
    lines = encrypted.replace("\n", "\n      ").rstrip()
    (folder / "vault.yml").write_text(f"cosmogony_storage_secret_key: !vault |\n      {lines}\n")
    options = ("--vault-password-file", str(folder / "password"), "-e", f"@{folder / 'vault.yml'}")
    return evaluate(folder, CASES, *options, variables=VARIABLES)


def test_templates_in_values_are_evaluated(answers):
    assert answers["setting"] == "registry.example.org/debian"
    storage = answers["section"]
    assert (storage["endpoint"], storage["secure"], storage["region"]) == ("s3.example.org", False, "us-east-1")
    assert [extract["url"] for extract in answers["list"]] == ["https://example.org/a.osm.pbf"]


def test_several_values_keep_their_types_and_omit_means_not_set(answers):
    assert answers["several"] == ["registry.example.org", "", ["de", "fr"], 5433]
    assert answers["arithmetic"] == {"port": 5434}


def test_a_value_from_a_vault_is_text(answers):
    assert answers["section"]["secret_key"] == "s3cret"


def test_only_what_is_asked_for_is_evaluated(answers):
    assert answers["section"]["bucket"] == "cosmogony"
    assert "cosmogony_docker_host cannot be evaluated: " in answers["template"]
    assert "nobody_asks_for_it" in answers["template"]


def test_the_document_of_the_steps_has_a_format_and_no_secret(answers):
    assert answers["steps"]["format"] == 1
    assert answers["steps"]["gate"]["max_loss_percent"] == 3
    assert "user" not in answers["steps"]["database"]


def test_a_role_has_its_options_over_the_settings(answers):
    role = answers["role"]
    assert role["options"]["parallelism"] == 5
    assert (role["settings"]["gate"]["max_loss_percent"], role["settings"]["gate"]["max_loss_zones"]) == (3, 7)
    assert role["settings"]["gate"] == role["options"]["gate"]


def test_a_blank_image_is_the_one_that_was_built(answers):
    images = answers["role"]["settings"]["images"]
    assert (images["pipeline"], images["importer"], images["api"]) == ("r/pipeline:ours", "r/importer:built", "")
    assert "base" not in images


def test_secrets_are_those_of_the_site_or_have_their_default_names(answers):
    role = answers["role"]
    assert role["secrets"] == {
        "storage": "theirs",
        "source_storage": "",
        "backup_storage": "",
        "database": "cosmogony-postgres",
        "trex": "cosmogony-s3",
        "report": "",
    }
    assert role["made_secrets"]["database"] == "cosmogony-postgres"
    assert role["made_secrets"]["storage"] == "", "a Secret of the site has the name"


@pytest.mark.parametrize(("case", "parts"), [
    ("path", ["gate.max_los_percent is not a setting: write gate.max_loss_percent"]),
    ("role option", ["workflows_gate.x is not a setting: there are max_loss_percent, "]),
    ("all together", [
        "cosmogony_gate_x is not a setting: write cosmogony_gate",
        "cosmogony_database.prot is not a setting: write cosmogony_database.port",
        "cosmogony_database.host cannot be evaluated: ",
        "cosmogony_docker_host cannot be evaluated: ",
        "cosmogony_sample_sources is called local_sample_sources now",
        "chart_gate_incomplete is called cosmogony_gate_incomplete now",
        "chart_values.steps.load.stall is called cosmogony_steps_load_stall now",
    ]),
    ("options together", [
        "data_update_force is perhaps: give true or false",
        "data_update_parallelism is many: give a whole number",
        "data_update_mode is true: give text, in quotes",
    ]),
])  # fmt: skip
def test_what_cannot_be_taken_is_named(answers, case, parts):
    for part in parts:
        assert part in answers[case], answers[case]


def test_options_of_a_role_are_typed_and_blank_ones_have_their_default(answers):
    options = answers["options"]
    assert (options["run"], options["force"], options["parallelism"]) == ("if_no_release", True, 3)
    assert options["wait_timeout"] == 86400
    assert answers["paths"] == ["/a", "/b"]
