#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the workflow templates that role workflows would apply, one file per template.

Settings are the defaults, overridden by those of tests/data/settings.yaml, which names images, and these by those of
--settings: a YAML file with sections such as {gate: {…}}.
Role workflows adds what its options say: namespace, parallelism, deadlines of workflows, workflows_spec.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.cosmogony.stack.plugins.plugin_utils._settings import (  # noqa: E402
    RefusedSettingsError,
    check_and_complete_settings,
)
from ansible_collections.cosmogony.stack.plugins.plugin_utils._workflows.files import WorkflowFileError  # noqa: E402
from ansible_collections.cosmogony.stack.plugins.plugin_utils._workflows.manifests import Renderer  # noqa: E402

FILES = ROOT / "roles/workflows/files"
EXAMPLE = ROOT / "tests/data/settings.yaml"


def read_yaml_folder(name: str) -> dict[str, Any]:
    """Return the YAML files in a folder of role workflows, parsed, by name without suffix."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted((FILES / name).glob("*.yaml"))}


def render_manifests(settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the workflow templates of role workflows for some settings, which override those of the example."""
    envelope = yaml.safe_load((FILES / "envelope.yaml").read_text())
    tree = check_and_complete_settings(settings, over=yaml.safe_load(EXAMPLE.read_text()))
    return Renderer(read_yaml_folder("steps"), read_yaml_folder("workflows"), tree, envelope).render()


def write_manifests(manifests: list[dict[str, Any]], folder: Path) -> None:
    """Write each template to a file with its name, and remove other files of the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.yaml"):
        path.unlink()
    for manifest in manifests:
        text = yaml.safe_dump(manifest, sort_keys=False, width=120, allow_unicode=True)
        (folder / f"{manifest['metadata']['name']}.yaml").write_text(text)


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", type=Path, help="YAML file (none)")
    parser.add_argument("--output", type=Path, default=ROOT / "build/workflows", help="folder (%(default)s)")
    options = parser.parse_args()
    try:
        manifests = render_manifests(yaml.safe_load(options.settings.read_text()) or {} if options.settings else {})
    except (OSError, RefusedSettingsError, WorkflowFileError, yaml.YAMLError) as error:
        sys.exit(f"render_workflow_templates: {error}")
    write_manifests(manifests, options.output)
    print(f"{len(manifests)} templates in {options.output}")


if __name__ == "__main__":
    main()
