# SPDX-License-Identifier: Apache-2.0
"""The cache of t-rex beside releases: its configuration, its queries, its folders and the link between them.

t-rex itself is not here: the tests run its queries as it would, and write the files that it would write.
"""

from __future__ import annotations

import gzip
import os
import re
import time
import tomllib
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cosmogony_importer.tiles import missing_tiles, trex, trex_generate, trex_switch
from importer_support.helpers import Importer, Zones, square, tile_of, zone
from importer_support.trex import ALL, CONFIG, generate, published, write

WORLD = 20037508.342789244


def shown(cache: trex.TrexCache, address: str) -> str | None:
    """What t-rex finds in its cache."""
    path = cache.root / "cosmogony" / f"{address}.pbf"
    return gzip.decompress(path.read_bytes()).decode() if path.exists() else None


def config(zones: str = "public.zones") -> dict[str, Any]:
    text = CONFIG.read_text().replace("@ZONES@", zones).replace("@CACHE@", "/tmp/mvtcache")  # noqa: S108
    return tomllib.loads(text)


def features(connection: psycopg.Connection, zoom: int, x: int, y: int, zones: str = "public.zones") -> list[Any]:
    """Run the query of a zoom the way t-rex puts it together."""
    (layer,) = config(zones)["tileset"][0]["layer"]
    (query,) = (query for query in layer["query"] if query["minzoom"] <= zoom <= query["maxzoom"])
    assert "!bbox!" in query["sql"], "else t-rex would add a condition"
    pixel = 156543.0339280410 / 2**zoom
    size = 2 * WORLD / 2**zoom
    west, north = -WORLD + x * size, WORLD - y * size
    envelope = f"ST_MakeEnvelope({west}, {north - size}, {west + size}, {north}, {layer['srid']})"
    bbox = f"ST_Buffer({envelope}, {layer['buffer_size']} * {pixel})"
    geometry = (
        f"COALESCE(ST_SnapToGrid(ST_Multi(ST_Buffer(ST_Intersection({layer['geometry_field']}, !bbox!), 0.0)), "
        f"{pixel} / 2), ST_GeomFromText('MULTIPOLYGON EMPTY', 3857))::geometry({layer['geometry_type']}, 3857)"
    )
    statement = (
        f"SELECT id, name, admin_level, zone_type, ST_AsText({geometry}) FROM ({query['sql']}) AS _q ORDER BY id"
    )
    return connection.execute(statement.replace("!bbox!", bbox)).fetchall()


def test_trex_configuration_has_the_documented_layer() -> None:
    read = config()
    assert read["webserver"] == {"bind": "0.0.0.0", "port": 6767, "threads": 4, "cache_control_max_age": 300}  # noqa: S104
    (source,) = read["datasource"]
    assert (source["name"], source["pool"]) == ("cosmogony", 10)
    assert source["dbconn"] == "{{ env.TREX_DATASOURCE_URL }}"
    assert read["grid"] == {"predefined": "web_mercator"}
    (tileset,) = read["tileset"]
    assert (tileset["name"], tileset["minzoom"], tileset["maxzoom"]) == ("cosmogony", 0, 20)
    assert tileset["cache_limits"] == {"minzoom": 0, "maxzoom": 13}
    assert tileset["attribution"] == ""
    (layer,) = tileset["layer"]
    queries = layer.pop("query")
    assert layer == {
        "name": "vector-zones",
        "datasource": "cosmogony",
        "geometry_field": "geometry",
        "geometry_type": "MULTIPOLYGON",
        "srid": 3857,
        "fid_field": "id",
        "buffer_size": 10,
        "simplify": True,
        "make_valid": False,
    }, "no feature limit, tile size and tolerance as t-rex has them"
    assert [(query["minzoom"], query["maxzoom"]) for query in queries] == [(0, 2), (3, 20)]
    assert read["cache"]["file"]["base"] == "/tmp/mvtcache"  # noqa: S108
    assert read["service"]["mvt"]["viewer"] is True


def test_queries_give_the_zones_of_a_tile(importer: Importer, zones: Zones, db: psycopg.Connection) -> None:
    importer.load(
        zones.write(
            [
                zone(0, "Land", "country", 2, square(0, 0, 10, 10)),
                zone(1, "City", "city", 8, square(0, 0, 10, 10), parent=0),
                zone(2, "Suburb", "suburb", None, square(50, 50, 51, 51), parent=0),
            ]
        )
    )
    importer.run("publish")
    assert [row[:4] for row in features(db, 2, 2, 1)] == [(0, "Land", 2, "country")]
    at_3 = features(db, 3, 4, 3)
    assert [row[:4] for row in at_3] == [(0, "Land", 2, "country"), (1, "City", 8, "city")]
    assert features(db, 3, 0, 0) == []
    x, y = tile_of(50.5, 50.5, 8)
    assert [row[:4] for row in features(db, 8, x, y)] == [(2, "Suburb", None, "suburb")]
    # every vertex lies on multiples of half a pixel, and the country reaches 912 units into the tile of 4096
    half = 156543.0339280410 / 2**3 / 2
    corners = {tuple(map(float, pair.split())) for pair in at_3[0][4].strip("MULTIPOYGN()").split(",")}
    assert {round(value / half, 6) % 1 for corner in corners for value in corner} == {0.0}
    assert max(x for x, _ in corners) / (2 * half) * 16 == 912


def test_prepared_configuration_names_release_and_folder(
    importer: Importer, zones: Zones, cache: trex.TrexCache, db: psycopg.Connection
) -> None:
    published(importer, zones, "a")
    release = importer.load(zones.grid("b.jsonl.gz", mark=" b"))
    importer.run("tile_prepare", "--release", release, "--template", CONFIG)
    read = tomllib.loads(Path(importer.output("config")).read_text())
    schema = "release_" + release.replace("-", "_")
    assert read == config(f"{schema}.zones") | {"cache": {"file": {"base": str(cache.get_preparing_folder(release))}}}
    assert {name for _, name, *_ in features(db, 4, 8, 7, f"{schema}.zones")} >= {"Land b", "City 0 b"}
    west, south, east, north = map(float, importer.output("extent").split(","))
    assert (west, south, east, north) == pytest.approx((0, 0, 4, 4), abs=0.1)
    assert os.environ["POSTGRES_PASSWORD"] not in Path(importer.output("config")).read_text()


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (None, "-180.000000,-85.051100,180.000000,85.051100"),
        ([-180, -90, 180, 90], "-180.000000,-85.051100,180.000000,85.051100"),
        ([9.4, 47.0, 9.6, 47.3], "9.400000,47.000000,9.600000,47.300000"),
    ],
)
def test_extent_stays_inside_the_grid(bounds: list[float] | None, expected: str) -> None:
    assert trex_generate.format_extent(bounds) == expected


def test_refuses_template_without_placeholders(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    release = importer.load(zones.grid())
    other = cache.root / "other.toml"
    other.write_text("[grid]\n")
    said = importer.run("tile_prepare", "--release", release, "--template", other, code=1)
    assert "does not hold @ZONES@" in said


def test_prepare_without_id_takes_the_live_release(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    release = published(importer, zones, "live")
    importer.load(zones.grid("later.jsonl.gz", mark=" later"))
    importer.run("tile_prepare", "--release", "", "--template", CONFIG)
    assert importer.output("release") == release
    assert cache.get_preparing_folder(release).is_dir()


def test_works_before_the_first_release(
    importer: Importer, zones: Zones, cache: trex.TrexCache, db: psycopg.Connection
) -> None:
    """t-rex can start: it finds the columns of public.zones and a folder to write into."""
    importer.run("tile_link")
    importer.run("tile_link")
    assert cache.link.readlink() == Path("releases/none")
    assert features(db, 3, 4, 3) == []
    columns = [c.name for c in db.execute("SELECT * FROM public.zones").description]
    release = published(importer, zones, "a")
    assert [c.name for c in db.execute("SELECT * FROM public.zones").description] == columns
    assert len(features(db, 3, 4, 3)) == 17
    assert shown(cache, "0/0/0") == release


def test_tile_link_keeps_an_original_table(
    importer: Importer, zones: Zones, cache: trex.TrexCache, db: psycopg.Connection
) -> None:
    db.execute("CREATE TABLE public.zones (id bigint)")
    importer.run("tile_link")
    assert db.execute("SELECT relkind::text FROM pg_class WHERE oid = 'public.zones'::regclass").fetchone() == ("r",)


def test_publish_and_rollback_move_the_link(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    first = published(importer, zones, "a")
    assert shown(cache, "3/4/3") == first
    second = published(importer, zones, "b")
    assert (importer.live(), shown(cache, "3/4/3")) == (second, second)
    start = time.monotonic()
    importer.run("rollback")
    assert time.monotonic() - start < 2 + trex_switch.DRAIN
    assert (importer.live(), shown(cache, "3/4/3")) == (first, first)
    assert cache.link.readlink() == Path("releases") / first, "relative: pods may have the volume anywhere"


def test_publish_restores_a_lost_link(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    release = published(importer, zones, "a")
    cache.link.unlink()
    importer.run("publish", "--release", release)
    assert shown(cache, "0/0/0") == release


def test_drops_tiles_computed_during_a_switch(
    importer: Importer, zones: Zones, cache: trex.TrexCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """t-rex reads the old zones, computes, and writes the tile when the link leads to the new folder already."""
    first = published(importer, zones, "a")
    write(cache.root, "9/256/255", b"of the first, while it was live")
    release = importer.load(zones.grid("b.jsonl.gz", mark=" b"))
    importer.run("gate", "--release", release)
    generate(importer, release)
    real = time.sleep

    def late(seconds: float) -> None:
        write(cache.root, "9/256/254", b"of the first, late")
        real(seconds)

    monkeypatch.setattr(trex_switch.time, "sleep", late)
    importer.run("publish", "--release", release)
    assert shown(cache, "0/0/0") == release
    assert shown(cache, "9/256/254") is None
    left = cache.get_folder(first)
    assert (left / "0/0/0.pbf").exists()
    assert not (left / "9/256/255.pbf").exists(), "it may be of the new release, computed before the link moved"


def test_a_release_without_tiles_gets_an_empty_folder(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    first = published(importer, zones, "a", generated=False)
    published(importer, zones, "b")
    trex.TrexCache(cache.root).remove_folders(cache.get_folder(first))
    assert f"no tiles of release {first}" in importer.run("rollback")
    assert shown(cache, "0/0/0") is None
    write(cache.root, "0/0/0", b"computed")
    assert shown(cache, "0/0/0") == "computed"


def test_tiles_of_the_live_release_can_be_generated_again(
    importer: Importer, zones: Zones, cache: trex.TrexCache
) -> None:
    release = published(importer, zones, "a")
    write(cache.root, "9/1/1", b"computed")
    generate(importer, release, "0/0/0", "1/1/1")
    assert (shown(cache, "1/1/1"), shown(cache, "9/1/1")) == (release, None)
    assert not list(cache.root.glob("trash/*")) and not list(cache.root.glob("preparing/*"))


def test_finish_can_be_repeated(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    release = importer.load(zones.grid())
    assert f"{len(ALL)} tiles" in generate(importer, release)
    assert "in place already" in importer.run("tile_finish", "--release", release, "--max-zoom", 4)
    assert importer.output("tiles") == str(len(ALL))


def test_finish_refuses_missing_and_truncated_tiles(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    release = importer.load(zones.grid())
    assert "run tile_prepare" in importer.run("tile_finish", "--release", release, "--max-zoom", 4, code=1)
    said = generate(importer, release, without=ALL, code=1)
    assert "zoom 0: 1 (0/0/0); zoom 1: 1 (1/1/0)" in said
    path = write(cache.get_preparing_folder(release), "4/8/7", b"x" * 1000)
    path.write_bytes(path.read_bytes()[:-9])
    assert "tile 4/8/7.pbf is damaged" in importer.run("tile_finish", "--release", release, "--max-zoom", 4, code=1)
    assert not cache.get_folder(release).exists()


@pytest.mark.parametrize("looked_at", [20_000, 2])
def test_finish_requires_tiles_of_each_zoom(
    importer: Importer, zones: Zones, cache: trex.TrexCache, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    """t-rex exits with 0 when the queries of some zooms fail."""
    monkeypatch.setattr(missing_tiles, "MAX_CHECKED", looked_at)
    release = importer.load(zones.grid())
    said = generate(importer, release, without=tuple(name for name in ALL if name[0] in "34"), code=1)
    assert re.search(
        r"left out tiles that release \S+ has zones for; zoom 3: \d \(3/[^)]+\); zoom 4: \d \(4/[^)]+\)\. Read", said
    )
    assert not cache.get_folder(release).exists()


def test_finish_does_not_require_tiles_of_hidden_zones(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    """Zooms 0 to 2 show countries only; and a wide release has tiles without any zone."""
    shapes = (square(1, 1, 2, 2), square(100, 1, 101, 2))
    release = importer.load(zones.write([zone(n, f"City {n}", "city", 8, shape) for n, shape in enumerate(shapes)]))
    made = ("3/4/3", "3/6/3", "4/8/7", "4/12/7")
    importer.run("tile_prepare", "--release", release, "--template", CONFIG)
    for name in made:
        write(cache.get_preparing_folder(release), name)
    importer.run("tile_finish", "--release", release, "--max-zoom", 4)
    assert importer.output("tiles") == "4"


def test_list_counts_the_files_of_each_zoom(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    release = published(importer, zones, "a")
    write(cache.root, "9/256/255", b"added")
    (first,) = importer.list()
    assert (first["id"], first["stored_zoom"]) == (release, 4)
    assert {zoom: count["tiles"] for zoom, count in first["tiles_by_zoom"].items()} == {
        "0": 1, "1": 1, "2": 1, "3": 4, "4": 4, "9": 1
    }  # fmt: skip
    assert first["tiles"] == 12 and first["tile_bytes"] > 12 * 20
    published(importer, zones, "b", generated=False)
    second, first = importer.list()
    assert "9" not in first["tiles_by_zoom"], "it was dropped"
    assert (second["stored_zoom"], second["tiles"], second["tiles_by_zoom"]) == (None, 0, {})


def test_clean_keeps_what_the_database_keeps(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    releases = [published(importer, zones, mark) for mark in "abc"]
    cache.get_preparing_folder("20200101t000000-00000000").mkdir(parents=True)
    importer.run("clean", "--keep", 2)
    assert {path.name for path in cache.root.glob("releases/*")} == set(releases[1:])
    assert not list(cache.root.glob("preparing/*")) and not (cache.root / "trash").exists()
    assert shown(cache, "0/0/0") == releases[2]


def test_link_replaces_a_folder_made_by_trex(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    write(cache.root, "metadata")
    release = published(importer, zones, "a")
    assert cache.read_linked_release() == release


def test_a_broken_volume_leaves_the_release_live_and_says_what_to_do(
    importer: Importer, zones: Zones, cache: trex.TrexCache
) -> None:
    release = importer.load(zones.grid())
    importer.run("gate", "--release", release)
    (cache.root / "releases").write_text("in the way")
    said = importer.run("publish", "--release", release, code=1)
    assert "the release is live, but t-rex may serve tiles of the one before" in said
    assert "tile_link" in said
    assert importer.live() == release
    assert "cache of t-rex" in importer.run("tile_link", code=75)


def test_late_link_leaves_no_wrong_tiles(importer: Importer, zones: Zones, cache: trex.TrexCache) -> None:
    """Publish could not move it, and t-rex filled the folder of the release before."""
    first = published(importer, zones, "a")
    published(importer, zones, "b")
    cache.link.unlink()
    cache.link.symlink_to(Path("releases") / first)
    write(cache.root, "9/256/254", b"of the second")
    importer.run("tile_link")
    assert not (cache.get_folder(first) / "9/256/254.pbf").exists()
    assert (cache.get_folder(first) / "0/0/0.pbf").exists()


def test_trex_commands_require_the_cache(importer: Importer, zones: Zones, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TREX_CACHE", raising=False)
    assert "TREX_CACHE is not set" in importer.run("tile_link", code=2)
