# SPDX-License-Identifier: Apache-2.0
"""Paths of the checkout, of its collections and of their roles."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
DATA = CHECKOUT / "tests/data"
IMAGES = CHECKOUT / "images"
COLLECTIONS = {"cosmogony.stack": CHECKOUT, "cosmogony.local": CHECKOUT / "local"}
#: Folders of the roles of all collections, by full name.
ROLES = {
    f"{collection}.{path.parent.name}": path.parent
    for collection, root in COLLECTIONS.items()
    for path in sorted(root.glob("roles/*/meta"))
}
