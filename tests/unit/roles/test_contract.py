# SPDX-License-Identifier: Apache-2.0
"""What every role promises: its specification has its defaults, its README the fixed sections and generated tables, its
entry points are documented, its variables bear its name, and its metadata are those of the collection."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from checkout import CHECKOUT, COLLECTIONS, ROLES

TYPES = {"bool": bool, "dict": dict, "float": float, "int": int, "list": list, "path": str, "str": str}
TYPES["list of dictionaries"] = list
SECTIONS = ["Requirements", "Entry points", "Variables", "Tags", "Example", "Notes"]
SETTING = re.compile(r"\{\{ lookup\('cosmogony\.stack\.settings', '([a-z_.]+)'\) \}\}")
SETTERS = {
    "ansible.builtin.set_fact": lambda arguments: [name for name in arguments if name != "cacheable"],
    "ansible.builtin.include_vars": lambda arguments: [arguments["name"]] if isinstance(arguments, dict) else [],
}

each_role = pytest.mark.parametrize("role", ROLES.values(), ids=ROLES)


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text()) if path.exists() else {}


def entry_points(role: Path) -> dict[str, dict[str, Any]]:
    return load(role / "meta/argument_specs.yml")["argument_specs"]


def options(role: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every option with the entry point that takes it and its name."""
    for entry_point, spec in entry_points(role).items():
        for name, option in spec["options"].items():
            yield entry_point, name, option


def tasks(content: Any) -> Iterator[dict[str, Any]]:
    """Every task and block of a file, those inside of blocks included."""
    for task in content or []:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part))


def tasks_of(role: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((role / "tasks").rglob("*.yml")):
        for task in tasks(load(path)):
            yield path.name, task


def included_files(role: Path) -> set[str]:
    """Files of tasks that other tasks of the role run; a name that is computed stands for every name it may be."""
    found: set[str] = set()
    for _file, task in tasks_of(role):
        for action in ("ansible.builtin.include_tasks", "ansible.builtin.import_tasks"):
            if action in task:
                name = task[action]["file"] if isinstance(task[action], dict) else task[action]
                found.update(path.name for path in (role / "tasks").glob(re.sub(r"\{\{.*?\}\}", "*", name)))
    return found


def collection_of(role: Path) -> str:
    """The collection that a role is in; the template of a role is for the first one."""
    return next((name for name, root in COLLECTIONS.items() if role.parent == root / "roles"), "cosmogony.stack")


def test_there_are_roles():
    assert len(ROLES) >= 10
    assert all((role / "tasks/main.yml").is_file() for role in ROLES.values())


@each_role
def test_every_option_may_be_blank_and_has_the_type_of_its_default(role):
    """Ansible refuses blank text for what it knows as a number: such an option is raw and describes its type."""
    defaults = load(role / "defaults/main.yml") or {}
    assert set(entry_points(role)["main"]["options"]) == set(defaults)
    for entry_point, name, option in options(role):
        where = f"{entry_point}: {name}"
        assert name in defaults, f"{where} has no default"
        assert option["type"] in ("str", "path", "list", "raw"), f"{where}: {option['type']} cannot be blank"
        assert {"", None} <= set(option.get("choices", ["", None])), f"{where}: none of its choices is blank"
        assert option.get("elements") != "dict", f"{where}: a list of dictionaries cannot be blank"
        if option["type"] == "raw":
            prefix = re.match(r"\((.+?)\) ", "".join(option["description"]))
            assert prefix, f"{where}: its description does not begin with its type"
            if "{{" not in str(defaults[name]):
                assert type(defaults[name]) in [TYPES[kind] for kind in prefix[1].split(" or ")], where
        elif "{{" not in str(defaults[name]):
            assert type(defaults[name]) is TYPES[option["type"]], where


@each_role
def test_the_specification_shows_the_defaults(role):
    """`ansible-doc` shows the specification only."""
    defaults = load(role / "defaults/main.yml") or {}
    for entry_point, name, option in options(role):
        where, default = f"{entry_point}: {name}", defaults[name]
        if setting := SETTING.fullmatch(str(default)):
            sentence = f"By default the setting C(cosmogony_{setting[1].replace('.', '_')})."
            assert sentence in str(option["description"]), f"{where}: the description lacks: {sentence}"
        computed = "{{" in str(default) or isinstance(default, dict) or "dictionaries" in str(option["description"])
        # With a default, Ansible's check refuses null for what is not raw; surveys send null.
        if computed or default in ("", []) or option["type"] != "raw":
            assert "default" not in option, where
        else:
            assert option.get("default") == default, where


@each_role
def test_the_readme_has_the_fixed_sections(role):
    text = (role / "README.md").read_text()
    expected = [name for name in SECTIONS if name != "Entry points" or len(entry_points(role)) > 1]
    assert text.startswith(f"# {collection_of(role)}.{role.name}\n\n")
    assert re.findall(r"^## (.*)", text, re.MULTILINE) == expected


@each_role
def test_a_scenario_is_listed(role):
    assert f"`{role.name}`" in (CHECKOUT / "molecule/README.md").read_text().partition("Where each role is tested:")[2]


@each_role
def test_no_role_reads_files_of_another(role):
    for path in [*role.glob("*/**/*.yml"), *role.glob("templates/**/*.j2")]:
        assert not re.search(r"role_path\s*(\}\}|~ ')/\.\./(?!\.\.)", path.read_text()), path


def test_the_template_of_a_role_keeps_these_promises(tmp_path):
    role = tmp_path / "example"
    for path in (path for path in (CHECKOUT / "tools/role_template").rglob("*") if path.is_file()):
        copy = role / path.relative_to(CHECKOUT / "tools/role_template")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(path.read_text())
    for check in (
        test_every_option_may_be_blank_and_has_the_type_of_its_default,
        test_the_specification_shows_the_defaults,
        test_the_readme_has_the_fixed_sections,
        test_entry_points_are_documented,
        test_options_bear_the_name_of_the_role,
        test_variables_bear_the_name_of_the_role,
        test_metadata_are_those_of_the_collection,
    ):
        check(role)


def test_the_tables_of_the_readmes_are_up_to_date():
    command = [sys.executable, CHECKOUT / "tools/role_readmes.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@each_role
def test_entry_points_are_documented(role):
    files = {path.name for path in (role / "tasks").glob("*.yml")}
    specified = {f"{name}.yml" for name in entry_points(role)}
    assert specified <= files
    assert files - included_files(role) <= specified, "an entry point lacks its specification"
    for name, spec in entry_points(role).items():
        assert spec["short_description"], name
        assert spec["description"], name
    for entry_point, name, option in options(role):
        assert option["description"], f"{entry_point}: {name}"
        assert option["type"], f"{entry_point}: {name}"


@each_role
def test_entry_points_that_are_used_are_specified(role):
    """Playbooks, scenarios and READMEs take tasks from those only."""
    known = entry_points(role)
    used = re.compile(rf"name: {collection_of(role)}\.{role.name}\n\s+tasks_from: ([\w.]+)")
    for folder in ("playbooks", "molecule", "roles", "docs", "local/playbooks", "local/roles"):
        for path in (CHECKOUT / folder).rglob("*"):
            if path.suffix in (".yml", ".md"):
                for name in used.findall(path.read_text()):
                    assert name.removesuffix(".yml") in known, f"{path.relative_to(CHECKOUT)} takes {name}"


def text_of(role: Path, entry_point: str) -> str:
    """The tasks of an entry point, those that they include, and the variables of the role that they use."""
    texts, names, files = [], load(role / "vars/main.yml") or {}, [role / f"tasks/{entry_point}.yml"]
    for path in files:
        texts.append(path.read_text())
        for name in re.findall(r"(?:include|import)_tasks: (\S+\.yml)", texts[-1]):
            files += [found for found in (role / "tasks").glob(name) if found not in files]
    while used := [name for name in names if re.search(rf"\b{name}\b", "\n".join(texts))]:
        texts += [str(names.pop(name)) for name in used]
    return "\n".join(texts)


@each_role
def test_entry_points_take_the_options_that_they_read(role):
    known = entry_points(role)["main"]["options"]
    for name, spec in entry_points(role).items():
        text = text_of(role, name)
        read = {f"{role.name}_{each}" for each in re.findall(rf"__{role.name}_(?:options|settings)\.(\w+)", text)}
        given = set(re.findall(rf"^\s+({role.name}_\w+):", text, re.MULTILINE))
        assert (read & known.keys()) - given <= spec["options"].keys(), name


@each_role
def test_options_bear_the_name_of_the_role(role):
    for entry_point, name, _option in options(role):
        assert name.startswith(f"{role.name}_"), f"{entry_point}: {name}"


@each_role
def test_variables_bear_the_name_of_the_role(role):
    """What a role leaves for others is a fact `<role>_*` that its README names; all else is internal, `__<role>_*`."""
    prefix = f"__{role.name}_"
    readme = (role / "README.md").read_text()
    taken = {name for _entry_point, name, _option in options(role)}
    for name in load(role / "vars/main.yml") or {}:
        assert name.startswith(prefix), f"vars/main.yml: {name}"
    for file, task in tasks_of(role):
        where = f"{file}: {task.get('name')}"
        loop = task.get("loop_control", {})
        for name in filter(None, (task.get("register"), loop.get("loop_var"), loop.get("index_var"))):
            assert name.startswith(prefix), f"{where} sets {name}"
        for name in [n for action, names in SETTERS.items() if action in task for n in names(task[action])]:
            if not name.startswith(prefix):
                assert f"{name}_".startswith(f"{role.name}_"), f"{where} sets {name}"
                assert name not in taken, f"{where} sets the option {name}"
                assert f"`{name}`" in readme, f"{where} leaves {name}, which the README does not name"


@each_role
def test_metadata_are_those_of_the_collection(role):
    root = COLLECTIONS[collection_of(role)]
    collection = load(root / "galaxy.yml")
    requires = load(root / "meta/runtime.yml")["requires_ansible"]
    metadata = load(role / "meta/main.yml")
    described = metadata["galaxy_info"]
    assert metadata["dependencies"] == []
    assert described.pop("description").strip()
    described.pop("platforms", None)
    assert described == {
        "author": collection["authors"][0],
        "license": collection["license"][0],
        "min_ansible_version": re.fullmatch(r">=(\d+\.\d+)\.0", requires)[1],
    }
    for name, spec in entry_points(role).items():
        assert spec.get("author", collection["authors"]) == collection["authors"], name
