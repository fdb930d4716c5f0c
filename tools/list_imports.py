#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""List the imports between the packages of images/, then those between the parts of each package.

One line per importer, such as `cosmogony.rules -> errors, zones`. The contracts in pyproject.toml say which imports are
allowed; `lint-imports` checks them.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Print the imports."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    graph = grimp.build_graph(*config["tool"]["importlinter"]["root_packages"], cache_dir=None)
    packages: dict[str, set[str]] = {}
    parts: dict[str, set[str]] = {}
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            if importer.split(".")[0] != imported.split(".")[0]:
                packages.setdefault(importer.split(".")[0], set()).add(imported.split(".")[0])
            elif get_package_part(importer) != get_package_part(imported):
                parts.setdefault(get_package_part(importer), set()).add(get_package_part(imported).rpartition(".")[2])
    for imports in (packages, parts):
        for importer in sorted(imports):
            print(f"{importer} -> {', '.join(sorted(imports[importer]))}")


def get_package_part(module: str) -> str:
    """Return the package and the first part below it, such as `cosmogony.osm` for `cosmogony.osm.reader`."""
    return ".".join(module.split(".")[:2])


if __name__ == "__main__":
    main()
