# SPDX-License-Identifier: Apache-2.0
"""The zone types, from suburb to country."""

from __future__ import annotations

from enum import IntEnum


class ZoneType(IntEnum):
    """The types of zones; a larger number is a larger kind of zone. `NON_ADMINISTRATIVE` is outside the hierarchy."""

    SUBURB = 0
    CITY_DISTRICT = 1
    CITY = 2
    STATE_DISTRICT = 3
    STATE = 4
    COUNTRY_REGION = 5
    COUNTRY = 6
    NON_ADMINISTRATIVE = 7

    @property
    def record_name(self) -> str:
        """The name of the type in records, such as `city_district`."""
        return self.name.lower()

    @property
    def camel_case_name(self) -> str:
        """The name of the type in statistics, such as `CityDistrict`."""
        return "".join(part.capitalize() for part in self.name.split("_"))


TYPES_BY_WORD: dict[str, ZoneType] = {t.record_name: t for t in ZoneType}
