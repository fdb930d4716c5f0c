# SPDX-License-Identifier: Apache-2.0
"""Lookup plugin: which image each build context gives, named after its content."""

from __future__ import annotations

DOCUMENTATION = r"""
name: image_builds
author:
  - The cosmogony.stack contributors (!UNKNOWN)
version_added: 0.1.0
short_description: References of the images that build contexts give
description:
  - Returns for each named folder the image that it gives, with a tag that is a digest of the folder, the build
    arguments and O(values). An image that is made from another one gets the reference of that one as build argument
    C(BASE_IMAGE), so that its tag changes with it.
options:
  _terms:
    description: Names of the images, each of which is also the name of its folder. A parent stands before its children.
    type: list
    elements: str
    required: true
  source_dir:
    description: Folder on the controller with the folders of the images.
    type: path
    required: true
  prefix:
    description: What the references begin with, such as C(registry.example.org/cosmogony/).
    type: str
    required: true
  parents:
    description: The image that an image is made from, by name of the image; those without one need no entry.
    type: dict
    default: {}
  build_args:
    description: Build arguments of every image.
    type: dict
    default: {}
  build_args_by_name:
    description: Further build arguments of single images, by name of the image.
    type: dict
    default: {}
  values:
    description: Further values that the tags depend on.
    type: dict
    default: {}
seealso:
  - plugin: cosmogony.stack.content_digest
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show the references of two images, the second made from the first
  ansible.builtin.debug:
    msg: "{{ query('cosmogony.stack.image_builds', 'base', 'api', source_dir='/srv/images',
                   prefix='registry.example.org/cosmogony/', parents={'api': 'base'}) | map(attribute='reference') }}"
"""

RETURN = r"""
_raw:
  description: The images, in the given order.
  type: list
  elements: dict
  contains:
    name:
      description: The given name.
      type: str
      sample: api
    path:
      description: The folder of the image.
      type: str
      sample: /srv/images/api
    args:
      description: The build arguments.
      type: dict
      sample: {BASE_IMAGE: "registry.example.org/cosmogony/base:9f2c1e07a55d1b83"}
    reference:
      description: Registry, name and tag of the image.
      type: str
      sample: registry.example.org/cosmogony/api:1b839f2c1e07a55d
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from .content_digest import compute_digest

TAG_LENGTH = 16  # hexadecimal digits


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core has no types
    """The lookup plugin image_builds."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return name, folder, build arguments and reference of each image."""
        self.set_options(var_options=variables, direct=kwargs)
        references: dict[str, str] = {}
        builds: list[dict[str, Any]] = []
        try:
            for name in terms:
                path = (Path(self.get_option("source_dir")) / name).resolve()
                args = {**self.get_option("build_args"), **self._get_parent_argument(name, references)}
                args |= self.get_option("build_args_by_name").get(name) or {}
                tag = compute_digest(path, {"args": args, **self.get_option("values")})[:TAG_LENGTH]
                references[name] = f"{self.get_option('prefix')}{name}:{tag}"
                builds.append({"name": name, "path": str(path), "args": args, "reference": references[name]})
        except (OSError, TypeError, ValueError) as error:
            raise AnsibleLookupError(f"image_builds: {error}") from error
        return builds

    def _get_parent_argument(self, name: str, references: dict[str, str]) -> dict[str, str]:
        parent = self.get_option("parents").get(name)
        if not parent:
            return {}
        if parent not in references:
            raise ValueError(f"{name} is made from {parent}, which is not named before it")
        return {"BASE_IMAGE": references[parent]}
