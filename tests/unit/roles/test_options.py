# SPDX-License-Identifier: Apache-2.0
"""Options of every role: blank ones have their default, text booleans are booleans, and Ansible lets both in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_plays import evaluate, run_play
from checkout import DATA, ROLES

DEFAULTS = {role: yaml.safe_load((folder / "defaults/main.yml").read_text()) for role, folder in ROLES.items()}
SPECS = {
    role: yaml.safe_load((folder / "meta/argument_specs.yml").read_text())["argument_specs"]
    for role, folder in ROLES.items()
}
BLANK = {"null": None, "empty": "", "spaces": "  "}
BOOLEAN = {"no": False, "false": False, "true": True, "yes": True}
# What the defaults of some roles stand on, as in any inventory.
SITE = {"cosmogony_storage_endpoint": "s3:9000", "cosmogony_database_host": "db", "cosmogony_registry": "registry:5000"}

each_role = pytest.mark.parametrize("role", ROLES)


def booleans(role: str) -> set[str]:
    return {name for name, default in DEFAULTS[role].items() if isinstance(default, bool)}


def options_of(role: str) -> str:
    return f"lookup('cosmogony.stack.role_options', '{role}')"


@pytest.fixture(scope="module")
def effective(tmp_path_factory) -> dict[str, Any]:
    """What every role makes of its options: left alone, all of them blank, and booleans as text."""
    cases: dict[str, tuple[str, dict[str, Any]]] = {}
    for role in ROLES:
        cases[f"{role} alone"] = (options_of(role), {})
        for name, blank in BLANK.items():
            cases[f"{role} {name}"] = (options_of(role), dict.fromkeys(DEFAULTS[role], blank))
        for text in BOOLEAN:
            cases[f"{role} {text}"] = (options_of(role), dict.fromkeys(booleans(role), text))
    return evaluate(tmp_path_factory.mktemp("options"), cases, variables=SITE)


@each_role
@pytest.mark.parametrize("blank", BLANK)
def test_a_blank_option_has_its_default(effective, role, blank):
    assert isinstance(effective[f"{role} alone"], dict), effective[f"{role} alone"]
    assert effective[f"{role} {blank}"] == effective[f"{role} alone"]


@each_role
@pytest.mark.parametrize("text", BOOLEAN)
def test_a_boolean_as_text_is_a_boolean(effective, role, text):
    options = effective[f"{role} {text}"]
    for name in booleans(role):
        assert options[name.removeprefix(f"{ROLES[role].name}_")] is BOOLEAN[text], name


def test_ansible_lets_blank_options_and_booleans_as_text_in(tmp_path):
    """Its own check at the entry of a role sees the variables as given."""
    tasks = []
    for role, entry_points in SPECS.items():
        for entry_point, spec in entry_points.items():
            for given in (*BLANK.values(), *BOOLEAN):
                names = list(spec["options"] if given in BLANK.values() else booleans(role) & spec["options"].keys())
                if given == "  ":  # blanks are not among the choices, and no survey sends them for one
                    names = [name for name in names if "choices" not in spec["options"][name]]
                check = {"argument_spec": spec["options"], "provided_arguments": dict.fromkeys(names, given)}
                title = f"{role} {entry_point}: {given!r}"
                tasks.append({"name": title, "ansible.builtin.validate_argument_spec": check})
    run_play(tmp_path, {"tasks": tasks})


@pytest.mark.parametrize("survey", ["survey_null.json", "survey_blank.json"])
def test_blank_fields_of_a_survey_change_nothing(tmp_path, survey):
    cases = {role: (options_of(role), {}) for role in ROLES} | {"all": ("lookup('cosmogony.stack.settings')", {})}
    (tmp_path / "alone").mkdir()
    alone = evaluate(tmp_path / "alone", cases, variables=SITE)
    assert alone["all"]["database"]["port"] == 5432
    assert evaluate(tmp_path, cases, "-e", f"@{DATA / 'surveys' / survey}", variables=SITE) == alone


def test_booleans_of_a_command_line_are_booleans(tmp_path):
    given = ["-e", "data_update_dry_run=false", "-e", "images_build=no", "-e", "chart_pending_remove=true",
             "-e", "chart_namespace_manage=false", "-e", "workflows_storage_bucket_manage=false"]  # fmt: skip
    cases = {role: (options_of(role), {}) for role in ("chart", "data_update", "images", "workflows")}
    options = evaluate(tmp_path, cases, *given, variables=SITE)
    assert options["data_update"]["dry_run"] is False
    assert options["images"]["build"] is False
    assert options["chart"]["pending_remove"] is True
    assert options["chart"]["namespace_manage"] is False
    assert options["workflows"]["storage_bucket_manage"] is False
