# SPDX-License-Identifier: Apache-2.0
"""Changes between two releases, as the database finds them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cosmogony_api.changes import compose_changes_query
from services import postgis

from .support import data
from .support.data import square, zone

BEFORE = [
    zone(1, "Land", "country", None, square(0, 0, 10, 10), admin_level=2),
    zone(2, "Left", "state", 1, square(0, 0, 5, 10)),
    zone(3, "Right", "state", 1, square(5, 0, 10, 10)),
    zone(4, "Old Name", "city", 2, square(1, 1, 2, 2)),
    zone(5, "Mover", "city", 2, square(4, 1, 5, 2)),
    zone(6, "Grower", "city", 3, square(6, 1, 7, 2)),
    zone(7, "Goner", "city", 3, square(8, 1, 9, 2)),
    zone(8, "Same", "city", 3, square(8, 4, 9, 5)),
]
# other ids, so that only osm_id says which zones are the same
AFTER = [
    {**one, "id": one["id"] + 100, "parent": one["parent"] and one["parent"] + 100}
    for one in [
        *BEFORE[:3],
        {**BEFORE[3], "name": "New Name"},
        {**BEFORE[4], "parent": 3},
        {**BEFORE[5], "geometry": square(6, 1, 7, 2.05), "name": "Grown"},
        zone(9, "Comer", "suburb", 4, square(1, 1, 1.5, 1.5)),
        BEFORE[7],
    ]
]


@pytest.fixture(scope="module")
def database(postgres: postgis.Server) -> Iterator[str]:
    """A database with both releases."""
    name = postgres.create_database("api")
    data.publish(postgres, name, data.OLD, BEFORE)
    data.publish(postgres, name, data.NEW, AFTER)
    yield name
    postgres.drop_database(name)


def list_changes(
    server: postgis.Server, database: str, before: str, after: str, percent: float, limit: int | None = None
) -> list[tuple]:
    """Osm_id without its kind, change, what was and what is."""
    schemas = ["release_" + one.replace("-", "_") for one in (before, after)]
    with server.connect(database) as connection:
        rows = connection.execute(compose_changes_query(*schemas), {"percent": percent, "limit": limit}).fetchall()
    return [(osm_id.removeprefix("relation:90000"), change, *row) for change, osm_id, *row in rows]


def test_lists_what_changed(postgres: postgis.Server, database: str) -> None:
    found = list_changes(postgres, database, data.OLD, data.NEW, percent=4)
    assert [(*row[:7],) for row in found] == [
        ("4", "renamed", "city", "New Name", "Old Name", "relation:900002", "relation:900002"),
        ("5", "moved", "city", "Mover", "Mover", "relation:900003", "relation:900002"),
        ("6", "area", "city", "Grown", "Grower", "relation:900003", "relation:900003"),
        ("6", "renamed", "city", "Grown", "Grower", "relation:900003", "relation:900003"),
        ("7", "removed", "city", None, "Goner", None, "relation:900003"),
        ("9", "added", "suburb", "Comer", None, "relation:900004", None),
    ]
    area, before, percent = found[2][7:10]
    assert area / before == pytest.approx(1.05, rel=1e-3)
    assert percent == pytest.approx(5, rel=1e-2)


def test_a_small_change_of_area_is_not_listed(postgres: postgis.Server, database: str) -> None:
    assert [row[1] for row in list_changes(postgres, database, data.OLD, data.NEW, percent=6) if row[0] == "6"] == [
        "renamed"
    ]


def test_the_other_direction_is_the_opposite(postgres: postgis.Server, database: str) -> None:
    found = {row[:2] for row in list_changes(postgres, database, data.NEW, data.OLD, percent=4)}
    assert {("7", "added"), ("9", "removed"), ("6", "area")} <= found
    assert list_changes(postgres, database, data.NEW, data.NEW, percent=0) == []


def test_a_change_has_the_number_and_the_box_of_its_zone(postgres: postgis.Server, database: str) -> None:
    found = {row[:2]: row[10:] for row in list_changes(postgres, database, data.OLD, data.NEW, percent=4)}
    assert {change: number for change, (number, _) in found.items()} == {
        ("4", "renamed"): 104,
        ("5", "moved"): 105,
        ("6", "area"): 106,
        ("6", "renamed"): 106,
        ("7", "removed"): None,
        ("9", "added"): 109,
    }
    assert found["6", "area"][1] == pytest.approx([6, 1, 7, 2.05])
    assert found["7", "removed"][1] == pytest.approx([8, 1, 9, 2])


def test_a_limit_leaves_the_first_changes(postgres: postgis.Server, database: str) -> None:
    found = list_changes(postgres, database, data.OLD, data.NEW, percent=4, limit=2)
    assert [row[:2] for row in found] == [("4", "renamed"), ("5", "moved")]
