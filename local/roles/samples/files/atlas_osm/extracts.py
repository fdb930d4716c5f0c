# SPDX-License-Identifier: Apache-2.0
"""Makes OSM extracts from atlases. A hidden file next to each extract records what it was made from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import package, topojson
from .borders import Borders
from .errors import AtlasError
from .package import NpmPackage

if TYPE_CHECKING:
    from .osm_writer import Relation

_OWN = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Extract:
    """An OSM extract to make: its file name, the npm package and atlas it is made from, the date of its data.

    `leave_out` has ISO 3166-1 codes (alpha-2) of countries that the atlas has and the extract lacks.
    """

    name: str
    atlas: str
    package: str
    version: str
    integrity: str
    member: str
    date: str
    source: str
    leave_out: tuple[str, ...]

    @classmethod
    def from_options(cls, item: dict[str, Any]) -> Extract:
        """Make an Extract from an entry of the role variable samples_atlas_files."""
        given = {"leave_out": (), **item}
        return cls(**{key: given[key] for key in cls.__slots__})

    def compute_recipe_digest(self) -> str:
        """Return a digest of everything that determines the extract's content, this program's files included."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode())
        for path in sorted([*_OWN.glob("*.py"), *_OWN.glob("data/*.tsv")]):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def is_made(self, folder: Path) -> bool:
        """Return whether a folder has the extract, unchanged and made by the present recipe."""
        try:
            record = json.loads(self._record_file(folder).read_text())
            return bool(record == {"recipe": self.compute_recipe_digest(), "sha256": _sha256(folder / self.name)})
        except (OSError, ValueError):
            return False

    def make(self, folder: Path, cache: Path, registry: str) -> dict[str, Any]:
        """Write the extract to a folder; return the number of its zones, and names of those too small for the atlas."""
        # imported here, because the command `plan` must work without pyosmium
        from .atlases import ATLASES
        from .osm_writer import write_extract

        if self.atlas not in ATLASES:
            raise AtlasError(f"{self.name}: atlas {self.atlas!r} is unknown, one of {', '.join(ATLASES)} is needed")
        atlas = ATLASES[self.atlas]
        archive = package.fetch_package(NpmPackage(self.package, self.version, self.integrity), cache, registry)
        topology = topojson.parse_topology(package.read_package_file(archive, self.member))
        borders = Borders(topology.arcs)
        relations = self._drop_countries(atlas.make_relations(topology, borders, self.source))
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

    def _drop_countries(self, relations: list[Relation]) -> list[Relation]:
        codes = {relation.tags.get("ISO3166-1:alpha2") for relation in relations}
        if unknown := sorted(set(self.leave_out) - codes):
            raise AtlasError(
                f"{self.name}: leave_out names {', '.join(unknown)}, which no country of the atlas has as code"
            )
        return [relation for relation in relations if relation.tags.get("ISO3166-1:alpha2") not in self.leave_out]

    def _record_file(self, folder: Path) -> Path:
        return folder / f".{self.name}.made.json"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
