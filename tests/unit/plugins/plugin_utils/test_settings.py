# SPDX-License-Identifier: Apache-2.0
"""Effective settings: both spellings, blanks, types, limits, and what is refused."""

from __future__ import annotations

import pytest
from ansible_collections.cosmogony.stack.plugins.plugin_utils import _schema
from ansible_collections.cosmogony.stack.plugins.plugin_utils._settings import (
    RefusedSettingsError,
    check_and_complete_settings,
    read_effective_settings,
)

SCHEMA = _schema.load_schema()
DEFAULTS = _schema.get_default(SCHEMA)
LEAVES = [(keys, schema) for keys, schema in _schema.walk_schema(SCHEMA) if _schema.get_properties(schema) is None]


def refused(values) -> list[str]:
    with pytest.raises(RefusedSettingsError) as refusal:
        read_effective_settings(values)
    return refusal.value.problems


def test_every_setting_has_a_name_of_its_own_a_meaning_and_a_default_that_fits():
    everything = list(_schema.walk_schema(SCHEMA))
    assert len(_schema.map_variable_names()) == len(everything)
    assert all(schema["description"] for _keys, schema in everything)
    assert check_and_complete_settings(DEFAULTS) == read_effective_settings({}) == DEFAULTS


def test_a_secret_is_never_for_the_steps():
    assert [keys for keys, schema in LEAVES if schema.get("writeOnly") and schema.get("x-steps")] == []


def test_a_definition_stands_where_it_is_referred_to():
    assert DEFAULTS["steps"]["load"]["scratch"] == "256Mi"
    assert DEFAULTS["steps"]["load"]["stall"] == 900


@pytest.mark.parametrize("values", [
    {"cosmogony_gate_max_loss_percent": 3},
    {"cosmogony_gate": {"max_loss_percent": 3}},
    {"cosmogony_gate": '{"max_loss_percent": "3"}'},
    {"cosmogony_gate": {"max_loss_percent": 9}, "cosmogony_gate_max_loss_percent": "3"},
    {"cosmogony_gate": {"max_loss_percent": 3}, "cosmogony_gate_max_loss_percent": ""},
])  # fmt: skip
def test_a_setting_has_two_spellings_and_a_partial_dictionary_keeps_the_rest(values):
    assert read_effective_settings(values) == _schema.merge_trees(DEFAULTS, {"gate": {"max_loss_percent": 3}})


def test_the_longer_name_wins_on_every_level():
    values = {
        "cosmogony_trex_cache_volume_size": "3Gi",
        "cosmogony_trex": {"cache_volume": {"size": "1Gi", "storage_class": "slow", "access_mode": "ReadWriteOnce"}},
        "cosmogony_trex_cache_volume": {"size": "2Gi", "storage_class": "fast"},
    }
    assert read_effective_settings(values)["trex"]["cache_volume"] == {
        "existing_claim": "", "size": "3Gi", "storage_class": "fast", "access_mode": "ReadWriteOnce"
    }  # fmt: skip


def test_requests_and_limits_are_merged_too():
    steps = read_effective_settings({"cosmogony_steps": {"load": {"resources": {"limits": {"memory": "9Gi"}}}}})[
        "steps"
    ]
    assert steps["load"]["resources"] == {"requests": {"cpu": "200m", "memory": "256Mi"}, "limits": {"memory": "9Gi"}}


@pytest.mark.parametrize("blank", [None, "", " \n"])
def test_blank_means_not_set_in_every_spelling(blank):
    flat = dict.fromkeys(_schema.map_variable_names(), blank)
    assert read_effective_settings(flat) == DEFAULTS
    for section, schema in SCHEMA["properties"].items():
        keys = _schema.get_properties(schema)
        if keys is not None:
            assert read_effective_settings({f"cosmogony_{section}": dict.fromkeys(keys, blank)}) == DEFAULTS
    extract = {"url": "https://x/y.osm.pbf", "country_code": blank, "enabled": blank, "languages": ["de", blank]}
    taken = read_effective_settings({"cosmogony_sources": [extract, blank]})["sources"]["extracts"]
    assert taken == [
        {"url": "https://x/y.osm.pbf", "name": "", "country_code": "", "enabled": True, "languages": ["de"],
         "disable_voronoi": False, "levels": [], "attribution": []}
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "taken"), [
    ("storage_secure", "false", False),
    ("storage_secure", "No", False),
    ("storage_secure", 1, True),
    ("sources_as_original", "yes", True),
    ("database_port", "5433", 5433),
    ("database_port", 5433.0, 5433),
    ("gate_max_loss_percent", "0.5", 0.5),
    ("gate_max_loss_percent", "7", 7),
    ("gate_max_outside", 12, "12"),
    ("gate_max_outside", " 2% ", "2%"),
    ("languages", "de, fr,", ["de", "fr"]),
    ("languages", '["de", "fr"]', ["de", "fr"]),
    ("languages", ("de",), ["de"]),
    ("languages", [], []),
    ("storage_service", '{"name": "minio", "port": 9000}', {"name": "minio", "port": 9000}),
    ("storage_secret_key", " blanks count ", " blanks count "),
    ("database_password", 123456, "123456"),
])  # fmt: skip
def test_values_come_as_text_too(name, value, taken):
    found = read_effective_settings({f"cosmogony_{name}": value})
    for key in _schema.map_variable_names()[f"cosmogony_{name}"]:
        found = found[key]
    assert (found, type(found)) == (taken, type(taken))


def test_attribution_of_a_source_is_a_list_of_names_with_pages():
    def read(*credits):
        extract = {"url": "https://x/y.osm.pbf", "attribution": list(credits)}
        return read_effective_settings({"cosmogony_sources": [extract]})["sources"]["extracts"][0]["attribution"]

    page = "https://amt.example/?a=1"
    assert read({"text": " Amt ", "url": page}, "B") == [{"text": "Amt", "url": page}, {"text": "B", "url": ""}]
    for credit, said in (
        ({"url": page}, r"sources\[0\].attribution\[0\] has no text"),
        ({"text": " "}, r"attribution\[0\] has no text"),
        ({"text": "A", "url": "javascript:alert(1)"}, r"attribution\[0\].url is javascript"),
        ({"text": "A", "href": page}, r"attribution\[0\].href is not a setting"),
    ):
        with pytest.raises(RefusedSettingsError, match=said):
            read(credit)


def test_a_bare_value_for_a_section_is_its_main_setting():
    settings = read_effective_settings({
        "cosmogony_registry": "registry.example.org", "cosmogony_registry_namespace": "geodata",
        "cosmogony_sources": [{"url": "https://x/y.osm.pbf"}], "cosmogony_sources_as_original": True,
    })  # fmt: skip
    assert settings["registry"] == {
        "host": "registry.example.org", "namespace": "geodata", "username": "", "password": ""
    }  # fmt: skip
    assert settings["sources"]["extracts"][0]["url"] == "https://x/y.osm.pbf"
    assert settings["sources"]["as_original"] is True
    text = read_effective_settings({"cosmogony_sources": '[{"url": "https://x/y.osm.pbf"}]'})
    assert text["sources"]["extracts"] == settings["sources"]["extracts"]


@pytest.mark.parametrize(("name", "value", "parts"), [
    ("database_port", "70000", ["is 70000", "whole number from 1 to 65535"]),
    ("database_port", 1.5, ["is 1.5", "whole number"]),
    ("database_port", True, ["is true", "whole number"]),
    ("gate_max_loss_percent", "nan", ["is nan", "a number"]),
    ("gate_max_loss_percent", 101, ["a number from 0 to 100"]),
    ("gate_max_loss_zones", -1, ["whole number of at least 0"]),
    ("storage_secure", "perhaps", ["is perhaps", "true or false"]),
    ("database_sslmode", "sometimes", ["is sometimes", "one of disable, allow"]),
    ("storage_endpoint", "http://h:9000", ["is http://h:9000", "without a scheme"]),
    ("storage_bucket", "No", ["is No", "3 to 63 characters"]),
    ("languages", [False], ["languages[0] is false", "in quotes"]),
    ("languages", {"a": 1}, ["is a dictionary", "give a list"]),
    ("gate", "strict", ["is text", "give a dictionary"]),
    ("gate", {"max_los_percent": 3}, ["cosmogony_gate.max_los_percent", "write cosmogony_gate.max_loss_percent"]),
    ("trex_cache_volume", {"storageClass": "x"}, ["write cosmogony_trex_cache_volume.storage_class"]),
    ("sources", [{"country_code": "li"}], ["cosmogony_sources[0] has no url"]),
    ("sources", "https://x/y.osm.pbf", ["is text", "give a list"]),
    ("gate_max_los_percent", 3, ["not a setting", "write cosmogony_gate_max_loss_percent"]),
    ("releasesKeep", 3, ["not a setting", "write cosmogony_releases_keep"]),
    ("0815", 3, ["not a setting", "without cosmogony_"]),
])  # fmt: skip
def test_what_does_not_fit_is_named_with_what_to_write(name, value, parts):
    (problem,) = refused({f"cosmogony_{name}": value})
    assert problem.startswith(f"cosmogony_{name}")
    assert all(part in problem for part in parts), problem


def test_all_that_is_wrong_is_said_at_once_and_no_secret_is_shown():
    problems = refused({
        "cosmogony_database": {"prot": 1, "port": "x"}, "cosmogony_gates": 1, "cosmogony_tiles_engine": "other",
        "cosmogony_database_password": {"secret": "s3cret"}, "cosmogony_storage_secret_key": ["s3cret"],
    })  # fmt: skip
    assert len(problems) == 6
    assert "s3cret" not in "".join(problems)


def test_a_tree_is_completed_over_another_one():
    over = read_effective_settings({"cosmogony_gate": {"max_loss_zones": 1, "max_loss_percent": 2}})
    gate = check_and_complete_settings({"gate": {"max_loss_percent": "3", "incomplete": None}}, over)["gate"]
    assert gate == {**DEFAULTS["gate"], "max_loss_zones": 1, "max_loss_percent": 3}


def test_messages_about_a_tree_name_the_option_of_the_role():
    with pytest.raises(RefusedSettingsError) as refusal:
        check_and_complete_settings({"gate": {"max_loss": 3}, "gat": {}}, prefix="workflows_")
    assert refusal.value.problems == [
        "workflows_gat is not a setting: write workflows_gate",
        "workflows_gate.max_loss is not a setting: write workflows_gate.max_loss_zones",
    ]


def test_a_result_shares_nothing_with_the_schema():
    check_and_complete_settings({})["steps"]["load"]["resources"]["limits"]["memory"] = "1Ti"
    assert check_and_complete_settings({}) == DEFAULTS


def test_the_steps_get_what_the_schema_marks_and_no_more():
    reduced = _schema.select_step_settings(DEFAULTS, SCHEMA)
    found = {keys for keys, _schema_of_it in LEAVES if lies_in(reduced, keys)}
    assert found == {keys for keys, schema in LEAVES if schema.get("x-steps")}
    assert "steps" not in reduced


def lies_in(tree, keys) -> bool:
    for key in keys:
        if key not in tree:
            return False
        tree = tree[key]
    return True


def test_a_source_may_be_its_address_alone():
    taken = read_effective_settings({"cosmogony_sources": ["https://example.org/a.osm.pbf"]})["sources"]["extracts"]
    assert (
        taken
        == read_effective_settings({"cosmogony_sources": [{"url": "https://example.org/a.osm.pbf"}]})["sources"][
            "extracts"
        ]
    )
