# SPDX-License-Identifier: Apache-2.0
"""Statistics, TileJSON, releases and caching, as the site and nginx use them."""

from __future__ import annotations

import pytest
from cosmogony_api.attribution import collect_credits, to_html
from cosmogony_importer.releases import catalog, switch

from .support import data


def test_statistics_are_a_plain_array(client):
    answer = client.get("/data/test_results.json")
    assert answer.json == data.STATISTICS
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({"Host": "127.0.0.1:8080"}, "http://127.0.0.1:8080"),
        ({"Host": "maps.example", "X-Forwarded-Proto": "https"}, "https://maps.example"),
        (
            {"Host": "inner", "X-Forwarded-Host": "outer.example", "X-Forwarded-Proto": "https,http"},
            "https://outer.example",
        ),
        ({"Host": "[::1]:8080"}, "http://[::1]:8080"),
        ({"Host": "a", "X-Forwarded-Proto": "javascript"}, "http://a"),
        ({"Host": "a", "X-Forwarded-Host": 'x"><script>'}, "http://a"),
        ({"Host": "a/b?c"}, ""),
    ],
)
def test_tile_urls_follow_the_client(client, headers, base):
    answer = client.get("/tiles/cosmogony.json", headers=headers)
    assert answer.json["tiles"] == [f"{base}/tiles/cosmogony/{{z}}/{{x}}/{{y}}.pbf?v={data.NEW}"]


def test_public_url_fixes_the_tile_urls(make_client, published):
    client = make_client(published, PUBLIC_URL="https://maps.example/")
    tiles = client.get("/tiles/cosmogony.json", headers={"Host": "inner"}).json["tiles"]
    assert tiles[0].startswith("https://maps.example/tiles/cosmogony/{z}/")


@pytest.mark.parametrize(
    ("prefix", "path"),
    [
        ("/maps", "/maps"),
        ("/maps/", "/maps"),
        ("/a/b-c_d~e.f", "/a/b-c_d~e.f"),
        ("/maps, /inner", "/maps"),
        ("", ""),
        ("//evil.example", ""),
        ("/../x", ""),
        ("maps", ""),
        ("/<script>", ""),
    ],
)
def test_tile_urls_have_the_path_that_the_proxy_took_off(client, prefix, path):
    answer = client.get("/tiles/cosmogony.json", headers={"Host": "maps.example", "X-Forwarded-Prefix": prefix})
    assert answer.json["tiles"][0].startswith(f"http://maps.example{path}/tiles/cosmogony/{{z}}/")
    assert "X-Forwarded-Prefix" in answer.headers["Vary"]


def test_tilejson_describes_the_live_release(client):
    answer = client.get("/tiles/cosmogony.json").json
    assert answer["release"] == data.NEW
    assert answer["bounds"] == [0, 0, 10, 10]
    longitude, latitude, zoom = answer["center"]
    assert (longitude, round(latitude, 1), zoom) == (5, 5, 6)
    assert (answer["minzoom"], answer["maxzoom"], answer["format"], answer["scheme"]) == (0, 20, "pbf", "xyz")
    assert [layer["id"] for layer in answer["vector_layers"]] == ["vector-zones"]
    assert set(answer["vector_layers"][0]["fields"]) == {"id", "name", "admin_level", "zone_type"}


OSM_LINK = (
    '<a href="https://www.openstreetmap.org/copyright" target="_blank" rel="noopener">'
    "© OpenStreetMap contributors (ODbL)</a>"
)
EARTH = {"text": "Natural Earth", "url": "https://earth.example/"}
EARTH_LINK = '<a href="https://earth.example/" target="_blank" rel="noopener">Natural Earth</a>'


def test_earlier_release_has_the_attribution_of_openstreetmap(client):
    assert client.get("/tiles/cosmogony.json").json["attribution"] == OSM_LINK


@pytest.mark.parametrize(
    ("attributions", "shown"),
    [
        ([[EARTH]], EARTH_LINK),
        ([[{"text": "B", "url": ""}], [EARTH], [EARTH, {"text": "A"}]], f"B, {EARTH_LINK}, A"),
        ([[EARTH], None], f"{EARTH_LINK}, {OSM_LINK}"),
        ([None, None], OSM_LINK),
        ([], OSM_LINK),
        (
            [[{"text": 'A & "B" <script>', "url": "https://a.example/?x=1&y='\""}, {"text": "<b>C</b>"}]],
            '<a href="https://a.example/?x=1&amp;y=&#x27;&quot;" target="_blank" rel="noopener">'
            "A &amp; &quot;B&quot; &lt;script&gt;</a>, &lt;b&gt;C&lt;/b&gt;",
        ),
        ([[{"text": "A", "url": "javascript:alert(1)"}, {"text": "B", "url": "https://[x"}]], "A, B"),
    ],
)
def test_attribution_is_that_of_the_sources_without_markup(attributions, shown):
    sources = data.manifest_with(*attributions)["inputs"]["sources"]
    assert to_html(collect_credits(sources)) == shown


def test_attribution_changes_with_the_release(make_client, postgres, empty):
    client = make_client(empty)
    data.publish(postgres, empty, data.OLD, data.zones(), data.manifest_with([EARTH]))
    first = client.get("/tiles/cosmogony.json")
    data.publish(postgres, empty, data.NEW, data.zones(), data.manifest_with(None))
    second = client.get("/tiles/cosmogony.json", headers={"If-None-Match": first.headers["ETag"]})
    with postgres.connect(empty) as connection:
        switch.switch_live_release(connection, catalog.get_release(connection, data.OLD), "rollback")
    third = client.get("/tiles/cosmogony.json", headers={"If-None-Match": second.headers["ETag"]})
    answers = [
        (answer.status_code, answer.json["release"], answer.json["attribution"]) for answer in (first, second, third)
    ]
    assert answers == [(200, data.OLD, EARTH_LINK), (200, data.NEW, OSM_LINK), (200, data.OLD, EARTH_LINK)]
    assert third.headers["ETag"] == first.headers["ETag"] != second.headers["ETag"]


def test_manifest_names_sources_and_hides_internal_hosts(client):
    answer = client.get("/release").json["manifest"]
    assert answer["inputs"]["importer"] == "importer:0123"
    assert [source["url"] for source in answer["sources"]] == data.SHOWN_URLS
    assert answer["inputs"]["sources"] == [{"name": "a.osm.pbf", "url": "a.osm.pbf", "sha256": "3" * 64}]
    text = client.get("/release").get_data(as_text=True)
    for hidden in ("hush", "registry.example", "10.96", "bucket", "mirror", "/volume", "svc"):
        assert hidden not in text, hidden


def test_release_has_counts_bounds_and_manifest(client):
    answer = client.get("/release").json
    assert (answer["id"], answer["zones"], answer["bounds"]) == (data.NEW, 10, [0, 0, 10, 10])
    assert answer["manifest"]["counts"] == data.MANIFEST["counts"]
    assert answer["published_at"].startswith("20")
    assert "T" in answer["published_at"]


def test_kept_releases_are_listed_newest_first(client):
    answer = client.get("/releases").json["releases"]
    assert [(entry["id"], entry["live"]) for entry in answer] == [(data.NEW, True), (data.OLD, False)]


def test_release_has_the_verdict_of_the_gate(client, postgres, published):
    verdict = '{"verdict": "overridden", "findings": ["BB lost its cities"], "figures": {"zones": 10}}'
    with postgres.connect(published) as connection:
        connection.execute(
            "update cosmogony_catalog.releases set gate = %s, override = 'merged' where id = %s", (verdict, data.OLD)
        )
    answer = client.get(f"/releases/{data.OLD}").json
    assert (answer["gate"]["verdict"], answer["gate"]["figures"]["zones"]) == ("overridden", 10)
    assert answer["override"] == "merged"
    assert client.get(f"/releases/{data.NEW}").json["gate"] is None


@pytest.mark.parametrize("release", [data.NEW, data.OLD])
def test_kept_release_passes_the_check(client, release):
    answer = client.get(f"/releases/{release}")
    assert (answer.status_code, answer.json["id"]) == (200, release)
    check = client.get(f"/releases/{release}/check")
    assert (check.status_code, check.data) == (204, b"")
    assert check.headers["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize(("release", "status"), [(data.NEW, 204), (data.OLD, 403), ("20200101t000000-ffffffff", 403)])
def test_check_passes_only_the_live_release(client, release, status):
    check = client.get(f"/releases/{release}/check?live")
    assert (check.status_code, check.headers["Cache-Control"]) == (status, "no-store")


@pytest.mark.parametrize("release", ["20200101t000000-ffffffff", "x", "..", "legacy", "a%00b", "release_1"])
def test_unknown_release_is_not_found_and_fails_the_check(client, release):
    answer = client.get(f"/releases/{release}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
    check = client.get(f"/releases/{release}/check")
    assert (check.status_code, check.headers["Cache-Control"]) == (403, "no-store")


def test_unpublished_release_and_release_without_schema_are_not_kept(postgres, published, client):
    with postgres.connect(published) as connection:
        connection.execute(
            "insert into cosmogony_catalog.releases (id, schema_name, state, format) values "
            "('20260303t000000-00000003', 'release_20260101t000000_00000001x', 'retired', 1), "
            "('20260303t000000-00000004', 'public', 'loading', 1)"
        )
        codes = [client.get(f"/releases/20260303t000000-0000000{n}").status_code for n in (3, 4)]
        listed = [entry["id"] for entry in client.get("/releases").json["releases"]]
        connection.execute("delete from cosmogony_catalog.releases where id like '20260303%'")
    assert codes == [404, 404]
    assert listed == [data.NEW, data.OLD]


@pytest.mark.parametrize(
    "path",
    [
        "/zones/41",
        "/zones/41/parents",
        "/release",
        "/data/test_results.json",
        "/tiles/cosmogony.json",
        "/v1/openapi.json",
    ],
)
def test_etag_gives_not_modified(client, path):
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    other = client.get(path, headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_live_answers_must_be_revalidated(client):
    assert client.get("/zones/41").headers["Cache-Control"] == "public, max-age=0, must-revalidate"


def test_valid_request_id_is_repeated(client):
    assert client.get("/zones/41", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    made = client.get("/zones/41", headers={"X-Request-ID": 'a b"c'}).headers["X-Request-ID"]
    assert len(made) == 32


def test_probes_answer(client):
    assert client.get("/health/live").json == {"status": "alive"}
    assert client.get("/health/ready").json == {"status": "ready", "release": data.NEW}
