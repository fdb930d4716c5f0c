# SPDX-License-Identifier: Apache-2.0
"""Makes extracts from atlases. A hidden file beside each says what it was made from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import package, topojson
from .borders import Borders
from .errors import AtlasError
from .package import NpmPackage

_OWN = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Extract:
    """An extract: its file name, what it is made from and the day of its data."""

    name: str
    atlas: str
    package: str
    version: str
    integrity: str
    member: str
    date: str
    source: str

    @classmethod
    def from_options(cls, item: dict[str, str]) -> Extract:
        """Take an entry of `samples_atlas_files`."""
        return cls(**{key: item[key] for key in cls.__slots__})

    def compute_recipe_digest(self) -> str:
        """Return a digest of everything that determines the extract, this program included."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode())
        for path in sorted([*_OWN.glob("*.py"), *_OWN.glob("data/*.tsv")]):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def is_made(self, folder: Path) -> bool:
        """Return whether the folder has the extract, made in this way and unchanged."""
        try:
            record = json.loads(self._record_file(folder).read_text())
            return bool(record == {"recipe": self.compute_recipe_digest(), "sha256": _sha256(folder / self.name)})
        except (OSError, ValueError):
            return False

    def make(self, folder: Path, cache: Path, registry: str) -> dict[str, Any]:
        """Make the extract; return how many zones it has, and the names of those smaller than the atlas's grid."""
        # imported here, for `plan` needs no pyosmium
        from .atlases import ATLASES
        from .osm_writer import write_extract

        if self.atlas not in ATLASES:
            raise AtlasError(f"{self.name}: atlas {self.atlas!r} is unknown, one of {', '.join(ATLASES)} is needed")
        atlas = ATLASES[self.atlas]
        archive = package.fetch_package(NpmPackage(self.package, self.version, self.integrity), cache, registry)
        topology = topojson.parse_topology(package.read_package_file(archive, self.member))
        borders = Borders(topology.arcs)
        relations = atlas.make_relations(topology, borders, self.source)
        flat = [relation.tags["name"] for relation in relations if not relation.members]
        relations = [relation for relation in relations if relation.members]
        part = folder / f".{self.name}.part"
        write_extract(part, relations, borders.ways, atlas.first_id, f"{self.date}T12:00:00Z")
        part.chmod(0o644)
        self._record_file(folder).unlink(missing_ok=True)
        part.replace(folder / self.name)
        record = {"recipe": self.compute_recipe_digest(), "sha256": _sha256(folder / self.name)}
        self._record_file(folder).write_text(json.dumps(record) + "\n")
        return {"zones": len(relations), "without_area": flat}

    def _record_file(self, folder: Path) -> Path:
        return folder / f".{self.name}.made.json"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
