# SPDX-License-Identifier: Apache-2.0
"""Inventories of an earlier version (tests/data/earlier_inventories) work, or are refused with all names together."""

from __future__ import annotations

import pytest
from ansible_plays import evaluate
from checkout import CHECKOUT, DATA

INVENTORIES = DATA / "earlier_inventories"
CASES = {"settings": ("lookup('cosmogony.stack.settings')", {})}


def state(folder):
    """Options that make the local inventory keep its passwords in a folder of the test."""
    return "-e", f"cosmogony_state_dir={folder}/state"


def settings_of(folder, inventory):
    return evaluate(folder, CASES, *state(folder), inventory=str(inventory))["settings"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "prod",
            {
                "registry.host": "registry.example.org",
                "registry.namespace": "geodata",
                "storage.endpoint": "minio.storage.svc.cluster.local:9000",
                "storage.secure": False,
                "database.sslmode": "require",
                "gate.max_outside": "1%",
                "sources.as_original": False,
                "languages": [],
            },
        ),
        ("kind", {"registry.host": "localhost:5001", "storage.endpoint_from_controller": "localhost:9000"}),
    ],
)
def test_an_inventory_works_as_it_is(tmp_path, name, expected):
    settings = settings_of(tmp_path, INVENTORIES / name)
    for path, value in expected.items():
        found = settings
        for key in path.split("."):
            found = found[key]
        assert found == value, path
    assert [extract["url"] for extract in settings["sources"]["extracts"]]


def test_the_local_inventory_is_refused_with_the_new_names(tmp_path):
    said = settings_of(tmp_path, INVENTORIES / "local")
    assert "4 values cannot be taken" in said
    assert "data_update_disk_paths is called status_disk_paths now" in said
    assert "cosmogony_sample_sources is called local_sample_sources now" in said
    for name in ("cosmogony_attribution", "cosmogony_sample_attributions"):
        assert f"{name} is called cosmogony_sources_extracts[].attribution now" in said


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """The settings of the local inventory with what `make local` passes on."""
    own = {"cosmogony_source": "https://x/y.osm.pbf"}
    cases = {
        "alone": {},
        "sample": {"cosmogony_sample": "liechtenstein"},
        "source": own | {"cosmogony_country": "xx"},
        "source without a country": own | {"cosmogony_country": ""},
    }
    folder = tmp_path_factory.mktemp("local")
    asked = {name: (CASES["settings"][0], given) for name, given in cases.items()}
    return evaluate(folder, asked, *state(folder), inventory=str(CHECKOUT / "inventories/local"))


@pytest.mark.parametrize(
    ("case", "url", "attributions"),
    [
        ("sample", "http://10.96.0.22/liechtenstein-2013-08-03.osm.pbf", [[]]),
        (
            "alone",
            "http://10.96.0.22/liechtenstein-2013-08-03.osm.pbf",
            [[], ["Natural Earth (public domain)"], ["U.S. Census Bureau (public domain)"]],
        ),
        ("source", "https://x/y.osm.pbf", [[]]),
        ("source without a country", "https://x/y.osm.pbf", [[]]),
    ],
)
def test_the_local_inventory_of_today_takes_what_make_passes(local, case, url, attributions):
    extracts = local[case]["sources"]["extracts"]
    assert extracts[0]["url"] == url
    assert [[credit["text"] for credit in extract["attribution"]] for extract in extracts] == attributions


@pytest.mark.parametrize("name", ["prod", "kind"])
def test_an_inventory_of_today_is_taken(tmp_path, name):
    assert settings_of(tmp_path, CHECKOUT / "inventories" / name)["sources"]["extracts"]
