# SPDX-License-Identifier: Apache-2.0
"""Make records and labels as the original does."""

from __future__ import annotations

from collections.abc import Sequence

from ..files.records import RecordMaker
from ..zones.labels import LabelMaker
from ..zones.zone import Zone


class OriginalRecordMaker(RecordMaker):
    """Makes records as Cosmogony 0.14.5 does: texts unchanged, no tags of the centre for generated zones."""

    def _make_labels(self, zones: Sequence[Zone], languages: Sequence[str]) -> LabelMaker:
        return _OriginalLabelMaker(zones, languages)

    def _clean_text(self, text: str) -> str:
        return text

    def _get_center_tags(self, zone: Zone) -> dict[str, str]:
        return {} if zone.generated else super()._get_center_tags(zone)


class _OriginalLabelMaker(LabelMaker):
    """Makes labels as Cosmogony 0.14.5 does: with ranges of postcodes as they are tagged."""

    def _get_zip_codes(self, zone: Zone) -> list[str]:
        return zone.zip_codes
