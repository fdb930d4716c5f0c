# SPDX-License-Identifier: Apache-2.0
"""Makes inventories/prod/group_vars/all/options.yml: the options of the roles that site.yml runs, and their meaning.

Left out are options whose default is a setting, which other files of the inventory explain; those whose default is
computed; and those of a single run, which playbooks/update.yml gives.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from generated_files import ROOT

PATH = ROOT / "inventories/prod/group_vars/all/options.yml"
WIDTH = 120
HEADER = """\
---
# Options of roles, which most sites leave as they are; what stands here is the default. `make docs` makes this file of
# roles/*/meta/argument_specs.yml: remove the # of a line in your copy to set it.
"""


def render_page(describe: Any) -> dict[Path, str]:
    """Return the content of the file by its path.

    Args:
        describe: Returns the cells name, type, default and meaning of an option; see role_readmes.describe_option.
    """
    given = _read(ROOT / "playbooks/update.yml")[0]["vars"]
    parts = [HEADER]
    for entry in _read(ROOT / "playbooks/site.yml")[0]["roles"]:
        role = ROOT / "roles" / entry["role"].rpartition(".")[2]
        parts.append("\n".join([f"\n# {'-' * 8} Role {role.name}", *_list_lines(role, given, describe)]) + "\n")
    return {PATH: "".join(parts)}


def _list_lines(role: Path, given: Mapping[str, Any], describe: Any) -> Iterator[str]:
    options = _read(role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    for name, default in _read(role / "defaults/main.yml").items():
        if name in given or "{{" in str(default):
            continue
        _name, kind, _default, meaning = next(iter(describe(name, options[name], default)))
        yield from textwrap.wrap(
            f"({kind}) {meaning.replace('`', '')}", WIDTH, initial_indent="# ", subsequent_indent="# "
        )
        shown = yaml.safe_dump(default, default_flow_style=True, width=1000, sort_keys=False).removesuffix("...\n")
        yield f"# {name}: {shown.strip()}"


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
