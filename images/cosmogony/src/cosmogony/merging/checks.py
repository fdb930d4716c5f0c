# SPDX-License-Identifier: Apache-2.0
"""Check the geometries of zones while a file is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..geometry import geojson
from .entry import ZoneEntry
from .refusals import Refusals

_BATCH = 1 << 15  # positions (points) of all geometries that are measured in one call


class GeometryChecks:
    """Checks the geometries of one file of zones: sets box and area of each `ZoneEntry`, or refuses the zone."""

    def __init__(self, path: Path, refusals: Refusals) -> None:
        self._path = path
        self._refusals = refusals
        self._faults: list[tuple[str, str | None]] = []  # place of each pending zone, and why it is refused
        # the pending zones with geometry: position in _faults, entry and coordinates
        self._zones: list[tuple[int, ZoneEntry, geojson.PolygonCoordinates]] = []
        self._positions = 0

    def refuse_zone(self, where: str, fault: str) -> None:
        """Refuse a zone; `measure_pending_zones` reports it, in the order of the file.

        Args:
            where: its place in the file.
            fault: what is wrong with it.
        """
        self._faults.append((where, fault))

    def add_zone(self, where: str, entry: ZoneEntry, geometry: Any) -> None:
        """Check the geometry of a zone and keep it until `measure_pending_zones`; zones are measured together.

        Args:
            where: its place in the file.
            entry: gets the box and the area.
            geometry: of its record, None for a bare one.
        """
        fault = None
        if geometry is not None:
            try:
                coordinates = geojson.parse_geometry(geometry)
            except geojson.InvalidGeometryError as error:
                fault = str(error)
            else:
                self._zones.append((len(self._faults), entry, coordinates))
                self._positions += len(coordinates.points)
        self._faults.append((where, fault))
        if self._positions >= _BATCH:
            self.measure_pending_zones()

    def measure_pending_zones(self) -> None:
        """Set box and area of the pending zones, report the refused ones to `Refusals`, and forget them all."""
        measured = geojson.measure_zones([(entry.osm_id, coordinates) for _, entry, coordinates in self._zones])
        for (number, entry, _), found in zip(self._zones, measured, strict=True):
            entry.box, entry.area = found.box, found.area
            self._faults[number] = (self._faults[number][0], found.fault)
        for where, fault in self._faults:
            if fault:
                self._refusals.add(f"{self._path}, {where}: {fault}")
        self._faults.clear()
        self._zones.clear()
        self._positions = 0
