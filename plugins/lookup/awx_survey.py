# SPDX-License-Identifier: Apache-2.0
"""Lookup plugin: questions of a survey of AWX, made of settings and options of roles."""

from __future__ import annotations

DOCUMENTATION = r"""
name: awx_survey
author:
  - The cosmogony.stack contributors (!UNKNOWN)
version_added: 0.1.0
short_description: Questions of a survey for settings and options of roles
description:
  - Returns a question of a survey of AWX for each named variable. Type, choices, limits and description are those of
    the settings' schema or of the role's specification.
  - No question needs an answer. Blank text, null and a number that is left out mean that the variable is not given. AWX
    always sends an answer to a choice, so its default is the value that the inventory of the play gives.
  - A list with known choices is a multiple choice, which arrives as a list; any other list is text, as JSON or with
    commas between its entries.
  - Secrets are refused; credentials pass them on.
options:
  _terms:
    description:
      - Names of settings such as C(cosmogony_gate_max_loss_percent), and of options of roles such as
        C(data_update_mode).
      - Or dictionaries with the name as C(variable), and with fields of the question that replace what it would have,
        such as C(question_name), C(default) or C(required). A number without limits needs C(min) and C(max).
    type: list
    elements: raw
    required: true
seealso:
  - plugin: cosmogony.stack.role_options
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show the questions about an update
  ansible.builtin.debug:
    msg: "{{ query('cosmogony.stack.awx_survey', {'variable': 'cosmogony_releases_keep', 'max': 9}) }}"
"""

RETURN = r"""
_raw:
  description: A question for each variable, in the given order.
  type: list
  elements: dict
  sample:
    - question_name: Mode
      question_description: What to do.
      variable: data_update_mode
      type: multiplechoice
      required: false
      choices: [full, changed]
      default: full
"""

import functools
import re
from collections.abc import Mapping
from typing import Any

import yaml
from ansible.errors import AnsibleLookupError
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase

from ..plugin_utils._role_options import COLLECTION, find_role, find_settings_as_defaults, read_role_defaults
from ..plugin_utils._schema import LOADER, PREFIX, Schema, find_schema, load_schema, map_variable_names
from ..plugin_utils._variables import Evaluator, copy_value_at, read_settings

TYPES = {"integer": "integer", "int": "integer", "number": "float", "float": "float", "string": "text", "str": "text"}
MAX_TEXT = 1024  # characters, what AWX itself proposes
SECRET = re.compile(r"(password|secret_key|access_key|token)$")
MARKUP = re.compile(r"\b[BCIMOPV]+\(([^)]*)\)")


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core has no types
    """The lookup plugin awx_survey."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the question for each variable."""
        self.set_options(var_options=variables, direct=kwargs)
        self._effective: dict[str, Any] = {}
        try:
            return [self._make_question(term, variables or {}) for term in terms]
        except ValueError as error:
            raise AnsibleLookupError(f"awx_survey: {error}") from error

    def _make_question(self, term: Any, variables: dict[str, Any]) -> dict[str, Any]:
        given = {"variable": term} if isinstance(term, str) else dict(term)
        name = given.get("variable", "")
        if SECRET.search(name):
            raise ValueError(f"{name} is a secret: give it to a credential, not to a survey")
        if name.startswith(PREFIX):
            found = self._describe_setting(name, variables)
        else:
            found = self._describe_option(name, variables)
        question = {**found, "variable": name, "required": False, **given}
        lacking = [limit for limit in ("min", "max") if question.get(limit) is None]
        if lacking and question["type"] in ("integer", "float"):
            raise ValueError(f"{name} has no limit: give {' and '.join(lacking)} beside its name")
        return question

    def _describe_setting(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        keys = map_variable_names().get(name)
        schema = find_schema(keys, load_schema()) if keys else {}
        if not keys or schema["type"] == "object":
            raise ValueError(f"{name} is not a setting with a single value (docs/reference/settings.md)")
        tree = read_settings(Evaluator(self._templar, variables), variables, [keys])
        title = " ".join(keys).replace("_", " ")
        return _make_fields(title, schema, str(schema["description"]), copy_value_at(keys, tree))

    def _describe_option(self, name: str, variables: dict[str, Any]) -> dict[str, Any]:
        roles = [path.name for path in (COLLECTION / "roles").iterdir() if name.startswith(f"{path.name}_")]
        role = max(roles, key=len, default="")
        specification = _read_specification(role).get(name) if role else None
        if specification is None:
            raise ValueError(f"{name} is neither a setting nor an option of a role")
        text = " ".join(specification["description"]) if isinstance(specification["description"], list) else (
            specification["description"]
        )  # fmt: skip
        typed = re.match(r"\((\w+)\) ", text)
        schema: dict[str, Any] = {"type": typed[1] if typed else specification["type"]}
        keys = find_settings_as_defaults(read_role_defaults(find_role(role))).get(name)
        if keys:
            schema = dict(find_schema(keys, load_schema()))
        if choices := [choice for choice in specification.get("choices", []) if choice]:
            schema["enum"] = choices
        short = name.removeprefix(f"{role}_")
        effective = self._read_options(role, variables)[short]
        return _make_fields(short.replace("_", " "), schema, text[typed.end() :] if typed else text, effective)

    def _read_options(self, role: str, variables: dict[str, Any]) -> Any:
        """Return the effective options of a role, which are evaluated once for all of its questions."""
        if role not in self._effective:
            plugin = lookup_loader.get("cosmogony.stack.role_options", loader=self._loader, templar=self._templar)
            (self._effective[role],) = plugin.run([role], variables)
        return self._effective[role]


@functools.cache
def _read_specification(role: str) -> Mapping[str, Any]:
    path = find_role(role) / "meta/argument_specs.yml"
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506  # a safe loader
    options: Mapping[str, Any] = document["argument_specs"]["main"]["options"]
    return options


def _make_fields(title: str, schema: Schema, description: str, effective: Any) -> dict[str, Any]:
    """Return the fields of a question that follow from a schema and the effective value of the inventory."""
    fields: dict[str, Any] = {
        "question_name": title[:1].upper() + title[1:],
        "question_description": MARKUP.sub(lambda found: found[1] or "blank", " ".join(description.split())),
    }
    kind = schema["type"]
    if kind in ("bool", "boolean"):
        return {
            **fields,
            "type": "multiplechoice",
            "choices": ["true", "false"],
            "default": str(bool(effective)).lower(),
        }
    listed = schema.get("enum", schema.get("items", {}).get("enum", []))
    choices = [str(choice) for choice in listed if choice not in ("", None)]
    if kind in ("array", "list") and choices:
        default = "\n".join(choice for choice in choices if choice in map(str, effective))
        return {**fields, "type": "multiselect", "choices": choices, "default": default}
    if choices:
        default = str(effective) if str(effective) in choices else choices[0]
        return {**fields, "type": "multiplechoice", "choices": choices, "default": default}
    if kind in ("integer", "int", "number", "float"):
        limits = {"min": schema.get("minimum"), "max": schema.get("maximum")}
        fields["question_description"] += f" Blank: {effective}."
        return {**fields, "type": TYPES[kind], **limits, "default": ""}
    if kind not in TYPES:  # a list or dictionary, which the roles take as JSON
        return {**fields, "type": "textarea", "min": 0, "max": 4 * MAX_TEXT, "default": ""}
    return {**fields, "type": TYPES[kind], "min": 0, "max": schema.get("maxLength", MAX_TEXT), "default": ""}
