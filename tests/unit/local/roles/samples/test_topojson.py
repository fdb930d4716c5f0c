# SPDX-License-Identifier: Apache-2.0
"""Reading TopoJSON: steps of quantised arcs, plain arcs, what is not an area."""

from __future__ import annotations

import json

import pytest
from atlas_osm.errors import AtlasError
from atlas_osm.topojson import Shape, parse_topology


def topology(**more) -> str:
    return json.dumps({"type": "Topology", "arcs": [], "objects": {}, **more})


def test_quantised_arcs_are_steps_from_point_to_point():
    transform = {"scale": [0.5, 0.25], "translate": [-10, 20]}
    read = parse_topology(topology(arcs=[[[2, 4], [1, 0], [-3, -4]], [[0, 0], [1, 1]]], transform=transform))
    assert read.arcs == [
        [(-90_000_000, 210_000_000), (-85_000_000, 210_000_000), (-100_000_000, 200_000_000)],
        [(-100_000_000, 200_000_000), (-95_000_000, 202_500_000)],
    ]


def test_arcs_without_a_transform_are_degrees():
    assert parse_topology(topology(arcs=[[[1.23456789, -2], [3, 4.5]]])).arcs == [
        [(12_345_679, -20_000_000), (30_000_000, 45_000_000)]
    ]


def test_a_point_that_is_repeated_comes_once():
    transform = {"scale": [1, 1], "translate": [0, 0]}
    read = parse_topology(topology(arcs=[[[1, 1], [0, 0], [1, 0], [0, 0]]], transform=transform))
    assert read.arcs == [[(10_000_000, 10_000_000), (20_000_000, 10_000_000)]]


def test_shapes_are_polygons_of_rings():
    objects = {
        "land": {"type": "Polygon", "arcs": [[0]]},
        "countries": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "MultiPolygon", "arcs": [[[0], [-2]], [[1]]], "id": "004", "properties": {"name": "One"}},
                {"type": None, "id": 5},
            ],
        },
    }
    read = parse_topology(topology(arcs=[[[0, 0], [1, 1]]] * 2, objects=objects))
    assert read.get_layer("countries") == [Shape("004", "One", (((0,), (-2,)), ((1,),))), Shape("5", "", ())]
    assert read.get_layer("land") == [Shape(None, "", (((0,),),))]
    with pytest.raises(AtlasError, match="no object 'counties', only countries, land"):
        read.get_layer("counties")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<html>", "not JSON"),
        ("[]", "not TopoJSON"),
        ('{"type": "FeatureCollection"}', "not TopoJSON"),
        (topology(arcs=[[[500, 300], [510, 310]]]), "not projected"),
        (topology(objects={"x": {"type": "LineString", "arcs": [0]}}), "x : a LineString is not an area"),
        (topology(objects={"x": {"type": "Polygon", "arcs": [[0]], "id": 7}}), "x 7: an arc is missing"),
    ],
)
def test_refuses_files_that_are_no_atlas(content, message):
    with pytest.raises(AtlasError, match=message):
        parse_topology(content)


@pytest.mark.parametrize(
    "more",
    [{"arcs": None}, {"arcs": [[1]]}, {"objects": []}, {"objects": {"land": {}}}, {"transform": {}, "arcs": [[]]}],
)
def test_refuses_a_topology_without_its_parts(more):
    with pytest.raises(AtlasError, match="not TopoJSON"):
        parse_topology(topology(**more))
