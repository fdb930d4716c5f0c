# SPDX-License-Identifier: Apache-2.0
"""The lookup awx_survey: questions of role awx are made of the schema or a specification; its answers count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.cosmogony.stack.plugins.plugin_utils._schema import (
    find_schema,
    load_schema,
    map_variable_names,
)
from ansible_plays import evaluate
from checkout import CHECKOUT

TEMPLATES = yaml.safe_load((CHECKOUT / "roles/awx/vars/main.yml").read_text())
ASKED = [
    one
    for template in TEMPLATES["__awx_stack_job_templates"].values()
    for one in (
        TEMPLATES["__awx_update_survey"] if isinstance(template.get("survey"), str) else template.get("survey", [])
    )
]
SETTINGS = [
    "cosmogony_gate_max_loss_percent",
    "cosmogony_tiles_engine",
    "cosmogony_namespace",
    "cosmogony_trex_generate_nodes",
]
LISTS = ["preflight_checks", "cosmogony_languages"]


def specification(name: str) -> dict[str, Any]:
    for path in CHECKOUT.glob("roles/*/meta/argument_specs.yml"):
        options = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
        if name in options:
            return dict(options[name])
    raise AssertionError(f"{name} is an option of no role")


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    cases = {"all": ("query('cosmogony.stack.awx_survey', *asked)", {"asked": [*ASKED, *SETTINGS, *LISTS]})}
    site = {
        "data_update_when_running": "follow",
        "cosmogony_tiles_engine": "trex",
        "cosmogony_releases_keep": 5,
        "preflight_checks": ["argo", "cluster"],
    }
    found = evaluate(tmp_path_factory.mktemp("survey"), cases, variables=site)["all"]
    assert isinstance(found, list), found
    return {one["variable"]: one for one in found}


def test_every_question_has_type_limits_and_default(questions: dict[str, dict[str, Any]]) -> None:
    assert len(questions) > 15
    for name, one in questions.items():
        assert one["question_name"], name
        assert one["question_description"], name
        assert one["required"] is False, "a schedule needs no answers"
        if one["type"].startswith("multi"):
            assert one["default"], name
            assert set(one["default"].splitlines()) <= set(one["choices"]), name
        else:
            assert one["default"] == "", f"{name}: blank means not given"
            assert one["min"] < one["max"], name
        keys = map_variable_names().get(name)
        if keys:
            schema = find_schema(keys, load_schema())
            assert one["question_description"].startswith(" ".join(schema["description"].split())[:20]), name
            assert one.get("choices", schema.get("enum")) == schema.get("enum"), name
        else:
            choices = [choice for choice in specification(name).get("choices", []) if choice]
            assert not choices or one["choices"] == choices, name


def test_choices_default_to_what_the_inventory_says(questions: dict[str, dict[str, Any]]) -> None:
    assert questions["data_update_when_running"]["default"] == "follow"
    assert questions["cosmogony_tiles_engine"]["default"] == "trex"
    assert questions["tile_cache_estimate"] | {"question_description": ""} == {
        "question_name": "Estimate",
        "question_description": "",
        "variable": "tile_cache_estimate",
        "type": "multiplechoice",
        "choices": ["true", "false"],
        "default": "false",
        "required": False,
    }
    assert questions["tile_cache_keep_releases"]["question_description"].endswith("Blank: 5.")
    assert (questions["tile_cache_max_zoom"]["min"], questions["tile_cache_max_zoom"]["max"]) == (0, 14)


def test_lists_are_asked(questions: dict[str, dict[str, Any]]) -> None:
    checks = questions["preflight_checks"]
    assert (checks["type"], checks["default"]) == ("multiselect", "cluster\nargo")
    assert questions["cosmogony_languages"]["type"] == "textarea"


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    messages = {
        "cosmogony_storage_secret_key": "is a secret",
        "cosmogony_gate": "is not a setting with a single value",
        "cosmogony_gate_max_los": "is not a setting with a single value",
        "update_mode": "neither a setting nor an option",
        "data_update_modes": "neither a setting nor an option",
        "data_update_parallelism": "has no limit: give min and max",
    }
    said = evaluate(tmp_path, {term: ("query('cosmogony.stack.awx_survey', case)", {}) for term in messages})
    for term, message in messages.items():
        assert message in said[term]


def test_answers_as_awx_sends_them_count(tmp_path: Path) -> None:
    """Blank text arrives as null, a choice as text, several as a list, a number as one; a blank number is left out."""
    options = "lookup('cosmogony.stack.role_options', '{}')"
    blank = {
        "data_update_source": None,
        "data_update_reason": "",
        "data_update_mode": "changed",
        "data_update_dry_run": "true",
    }
    cases = {
        "update": (options.format("data_update"), blank),
        "tiles": (
            options.format("tile_cache"),
            {"tile_cache_bbox": None, "tile_cache_max_zoom": 9, "tile_cache_estimate": "false"},
        ),
    }
    languages = "lookup('cosmogony.stack.settings', 'languages')"
    answers: dict[str, Any] = {
        "chosen": ["de", "fr"],
        "json": '["de", "fr"]',
        "commas": "de, fr",
        "null": None,
        "blank": "",
    }
    cases |= {name: (languages, {"cosmogony_languages": answer}) for name, answer in answers.items()}
    checks = options.format("preflight") + ".checks"
    cases |= {
        "some checks": (checks, {"preflight_checks": ["tools", "cluster"]}),
        "all checks": (checks, {"preflight_checks": None}),
    }
    found = evaluate(tmp_path, cases)
    assert [found[name] for name in answers] == [["de", "fr"]] * 3 + [[]] * 2
    assert found["some checks"] == ["tools", "cluster"]
    assert len(found["all checks"]) > 2
    update = {name: found["update"][name] for name in ("source", "reason", "mode", "dry_run", "parallelism")}
    assert update == {"source": "", "reason": "", "mode": "changed", "dry_run": True, "parallelism": 2}
    tiles = {name: found["tiles"][name] for name in ("bbox", "max_zoom", "estimate", "min_zoom")}
    assert tiles == {"bbox": "", "max_zoom": 9, "estimate": False, "min_zoom": 0}
