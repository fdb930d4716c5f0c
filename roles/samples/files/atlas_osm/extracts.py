# SPDX-License-Identifier: Apache-2.0
"""Which extracts have to be made, and making them. A hidden file beside each says what it was made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import package, topojson
from .errors import AtlasError
from .mesh import Mesh
from .package import Package

_OWN = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Wanted:
    """An extract: what it is made of, its file name and the day of its data."""

    name: str
    atlas: str
    package: str
    version: str
    integrity: str
    member: str
    date: str
    source: str

    @classmethod
    def of(cls, item: dict[str, str]) -> Wanted:
        return cls(**{key: item[key] for key in cls.__slots__})

    def recipe(self) -> str:
        """Digest of everything the extract follows from, this program included."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode())
        for path in sorted([*_OWN.glob("*.py"), *_OWN.glob("data/*.tsv")]):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def is_made(self, folder: Path) -> bool:
        try:
            known = json.loads(self._record(folder).read_text())
            return known == {"recipe": self.recipe(), "sha256": _sha256(folder / self.name)}
        except (OSError, ValueError):
            return False

    def make(self, folder: Path, cache: Path, registry: str) -> dict[str, Any]:
        """Make the extract; the answer is the number of its zones, and what is smaller than the grid of the atlas."""
        # imported here: the question what is to be made needs no pyosmium
        from .atlases import ATLASES
        from .osmfile import write

        if self.atlas not in ATLASES:
            raise AtlasError(f"{self.name}: atlas {self.atlas!r} is unknown, one of {', '.join(ATLASES)} is needed")
        atlas = ATLASES[self.atlas]
        archive = package.fetch(Package(self.package, self.version, self.integrity), cache, registry)
        topology = topojson.parse(package.member(archive, self.member))
        mesh = Mesh(topology.arcs)
        relations = atlas.relations(topology, mesh, self.source)
        flat = [relation.tags["name"] for relation in relations if not relation.members]
        relations = [relation for relation in relations if relation.members]
        part = folder / f".{self.name}.part"
        write(part, relations, mesh.ways, atlas.first_id, f"{self.date}T12:00:00Z")
        part.chmod(0o644)
        self._record(folder).unlink(missing_ok=True)
        part.replace(folder / self.name)
        record = {"recipe": self.recipe(), "sha256": _sha256(folder / self.name)}
        self._record(folder).write_text(json.dumps(record) + "\n")
        return {"zones": len(relations), "without_area": flat}

    def _record(self, folder: Path) -> Path:
        return folder / f".{self.name}.made.json"


def missing(wanted: Sequence[Wanted], folder: Path) -> list[Wanted]:
    return [one for one in wanted if not one.is_made(folder)]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
