# SPDX-License-Identifier: Apache-2.0
"""Build zones as the original does: names and codes unchanged, rings by role, boxes never across 180 degrees."""

from __future__ import annotations

from collections.abc import Mapping

from ..geometry.areas import Area
from ..osm.reader import Node, Relation
from ..progress import Progress, track_progress
from ..zones.builder import AreaMeasures, Rings, ZoneBuilder, measure_and_orient_rings, parse_admin_level
from ..zones.names import PREFIX, add_label_node_tags
from ..zones.zone import Zone
from .borders import assemble_area


class OriginalZoneBuilder(ZoneBuilder):
    """Builds zones of relations and suburb nodes as Cosmogony 0.14.5 does."""

    def get_name(self, tags: Mapping[str, str]) -> str:
        """Return the tag `name` unchanged, blank without one."""
        return tags.get("name", "")

    def has_name(self, tags: Mapping[str, str]) -> bool:
        """Return whether the tags have `name`, even an empty one."""
        return "name" in tags

    def _has_area(self, zone: Zone) -> bool:
        return True

    def get_admin_level(self, tags: Mapping[str, str]) -> int | None:
        """Return the admin_level in the tags if it is a plain number without blanks around it; otherwise None."""
        return parse_admin_level(tags.get("admin_level", ""))

    def _assemble_areas(self, progress: Progress) -> list[Area]:
        relations = track_progress(self._extract.relations, "assembling areas", progress, every=500)
        return [assemble_area(relation, self._extract.ways) for relation in relations]

    def _collect_names(self, tags: Mapping[str, str], name: str) -> dict[str, str]:
        return {key[len(PREFIX) :]: value for key, value in tags.items() if key.startswith(PREFIX) and value != name}

    def _get_zip_codes(self, tags: Mapping[str, str]) -> list[str]:
        text = tags.get("addr:postcode") or tags.get("postal_code") or ""
        return sorted(code.strip() for code in text.split(";") if code.strip())

    def _get_wikidata(self, tags: Mapping[str, str]) -> str | None:
        return tags.get("wikidata")

    def _find_centre(self, relation: Relation, rings: Rings) -> tuple[Node | None, Node | None, dict[str, str]]:
        label, centre = self._find_node(relation.label), self._find_node(relation.centre)
        tags = add_label_node_tags(relation.tags, label.tags) if label else relation.tags
        return centre or label, centre or label, tags

    def _measure(self, area: Area, rings: Rings) -> AreaMeasures:
        return measure_and_orient_rings(rings, area)
