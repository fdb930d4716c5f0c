# SPDX-License-Identifier: Apache-2.0
"""Lookup plugin: all settings, with the options of a role in place of the sections that they override."""

from __future__ import annotations

DOCUMENTATION = r"""
name: role_settings
author:
  - The cosmogony.stack contributors (!UNKNOWN)
version_added: 0.1.0
short_description: All settings as a role of this collection takes them
description:
  - Returns the options of a role, and the whole tree of settings in which they count instead of the settings of the
    inventory with the same names. An image without a reference is the one that role images has built.
  - Fails if there are names or values that cannot be taken, and lists all of them.
options:
  _terms:
    description: Names of roles.
    type: list
    elements: str
    required: true
seealso:
  - plugin: cosmogony.stack.settings
    plugin_type: lookup
  - plugin: cosmogony.stack.role_options
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Note the options and the settings
  ansible.builtin.set_fact:
    __workflows_options: "{{ given.options }}"
    __workflows_settings: "{{ given.settings }}"
  vars:
    given: "{{ lookup('cosmogony.stack.role_settings', 'workflows') }}"
  no_log: true # passwords are among them
"""

RETURN = r"""
_raw:
  description: >-
    For each role C(options), C(settings), C(secrets) (names of the Secrets that the stack reads, by section),
    C(made_secrets) (those of them that the roles may have made), C(connections) (the options C(minio) and C(postgres)
    of the modules that connect to the store and the database from the controller) and C(ca_bundle) (C(text) and
    C(revision) of the CA certificates of the site).
  type: list
  elements: dict
  sample:
    - options: {namespace: cosmogony, parallelism: 2}
      settings: {namespace: cosmogony, storage: {bucket: cosmogony}}
      secrets: {storage: cosmogony-s3, database: cosmogony-postgres}
      made_secrets: {storage: cosmogony-s3, database: cosmogony-postgres}
      connections: {minio: {bucket: cosmogony}, postgres: {database: cosmogony}}
      ca_bundle: {text: '', revision: ''}
"""

from typing import Any

from ansible.errors import AnsibleLookupError

from ..plugin_utils._ca_bundle import compute_revision, read_ca_bundle
from ..plugin_utils._connections import make_connection_options
from ..plugin_utils._secrets import get_made_secret_names, get_secret_names
from ..plugin_utils._variables import Evaluator, copy_value_at, read_settings
from .role_options import LookupModule as RoleOptions


class LookupModule(RoleOptions):
    """The lookup plugin role_settings."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return for each named role its options, its settings, names of Secrets, and options of connections."""
        given = variables or {}
        try:
            tree = copy_value_at((), read_settings(Evaluator(self._templar, given), given, [()]))
            certificates = read_ca_bundle(tree["ca_bundle"])
        except ValueError as error:
            raise AnsibleLookupError(str(error)) from error
        found = []
        for options in super().run(terms, variables, **kwargs):
            settings = {**tree, **{name: value for name, value in options.items() if name in tree}}
            built = given.get("images_references") or {}
            settings["images"] = {name: image or built.get(name, "") for name, image in settings["images"].items()}
            secrets = get_secret_names(settings)
            found.append(
                {
                    "options": options,
                    "settings": settings,
                    "secrets": secrets,
                    "made_secrets": get_made_secret_names(settings),
                    "connections": make_connection_options(settings, secrets),
                    "ca_bundle": {"text": certificates, "revision": compute_revision(certificates)},
                }
            )
        return found
