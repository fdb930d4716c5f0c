# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document is valid, complete, and true: real answers fit its schemas."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urljoin

import pytest
from jsonschema import Draft202012Validator

from .support import data

GET, POST = "get", "post"
CSV_POINTS = {"data": "lat,lon\n3.5,3.5\n80,3\n", "content_type": "text/csv"}
JSON_POINTS = {"json": {"points": [{"lat": 3.5, "lon": 3.5}, {"lat": 80, "lon": 3}]}}
ZONES = ("", "?include=names,population,zip_codes,geometry&lang=fr&zoom=4")
LISTS = [
    f"/{relatives}{query}"
    for relatives in ("ancestors", "children", "descendants")
    for query in ("", f"?limit=1&type=city,suburb&release={data.OLD}", "?cursor=x")
]
EXAMPLES: dict[tuple[str, str], list[str | tuple[str, dict[str, Any]]]] = {
    (GET, "/zones/{id}"): ["/zones/41", "/zones/7", "/zones/61", "/zones/0", f"/zones/7?v={data.OLD}"],
    (GET, "/zones/{id}/parents"): ["/zones/52/parents", "/zones/72/parents", "/zones/0/parents"],
    (GET, "/zones/osm/{osm_id}"): ["/zones/osm/relation:900041", "/zones/osm/node:0"],
    (GET, "/zones/osm/{osm_id}/parents"): ["/zones/osm/node:900052/parents", "/zones/osm/x/parents"],
    (GET, "/release"): ["/release"],
    (GET, "/releases"): ["/releases"],
    (GET, "/releases/{id}"): [f"/releases/{data.NEW}", f"/releases/{data.OLD}", "/releases/none"],
    (GET, "/releases/{id}/check"): [f"/releases/{data.NEW}/check", "/releases/none/check"],
    (GET, "/data/test_results.json"): ["/data/test_results.json"],
    (GET, "/tiles/cosmogony.json"): ["/tiles/cosmogony.json"],
    (GET, "/health/live"): ["/health/live"],
    (GET, "/health/ready"): ["/health/ready"],
    (GET, "/docs"): ["/docs"],
    (GET, "/v1/openapi.json"): ["/v1/openapi.json"],
    **{
        (GET, f"/v1/zones/{template}{relatives}"): [
            f"/v1/zones/{key}{end}" for key in keys for end in (LISTS if relatives else ZONES)
        ]
        for template, keys in (
            ("{id}", ("41", "0")),
            ("osm/{osm_id}", ("relation:900007", "node:900061", "x")),
            ("wikidata/{wikidata}", ("Q900007", "x")),
        )
        for relatives in ("", "/{relatives}")
    },
    (GET, "/v1/reverse"): [
        "/v1/reverse?lat=3.5&lon=3.5", "/v1/reverse?lat=80&lon=0", "/v1/reverse?lat=abc&lon=0",
        "/v1/reverse?lat=3.5&lon=3.5&include=geometry&type=country", "/v1/reverse?lat=0&lon=0&release=none",
    ],
    (POST, "/v1/reverse"): [
        ("/v1/reverse", JSON_POINTS), ("/v1/reverse?lang=fr&nearest=100", CSV_POINTS), ("/v1/reverse", {"data": "x"}),
        ("/v1/reverse", {"json": []}), ("/v1/reverse", {"json": {"points": [{"lat": 0, "lon": 0}] * 10_001}}),
    ],
    (GET, "/v1/search"): ["/v1/search?q=Brumel", "/v1/search?q=bru&country=aa&type=city&near=3,3", "/v1/search"],
    (GET, "/v1/export"): [
        "/v1/export?country=AA", "/v1/export?type=city&format=geojsonseq", "/v1/export", "/v1/export?subtree=x",
        "/v1/export?subtree=relation:900041&format=csv&include=geometry,names",
    ],
    (GET, "/v1/releases"): ["/v1/releases"],
    **{
        (GET, f"/v1/releases/{{id}}{what}"): [f"/v1/releases/{data.OLD}{what}", f"/v1/releases/none{what}"]
        for what in ("", "/statistics", "/left_out", "/coverage", "/countries")
    },
    (GET, "/v1/releases/{before}/changes/{after}"): [
        f"/v1/releases/{data.OLD}/changes/{data.NEW}", f"/v1/releases/{data.OLD}/changes/{data.NEW}?format=csv",
        f"/v1/releases/none/changes/{data.NEW}", f"/v1/releases/{data.OLD}/changes/{data.NEW}?percent=x",
        f"/v1/releases/{data.OLD}/changes/{data.NEW}?limit=1", f"/v1/releases/{data.OLD}/changes/{data.NEW}?limit=0",
    ],
    (GET, "/v1/site"): ["/v1/site"],
    (GET, "/v1/runs"): ["/v1/runs"],
}  # fmt: skip


@pytest.fixture
def document(client):
    return client.get("/v1/openapi.json").json


def resolve(document, node):
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def check_answer(document, method, path, answer):
    """Check an answer against the schema of its path, status and media type."""
    described = document["paths"][path][method]["responses"]
    assert str(answer.status_code) in described, f"{answer.status_code} of {path} is not described"
    response = resolve(document, described[str(answer.status_code)])
    content = response.get("content")
    if content is None:
        assert answer.data == b""
        return
    kind = content[answer.mimetype]["schema"]
    if kind == {"type": "string"}:
        assert answer.data
        return
    schema = {**kind, "components": document["components"]}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    validator.validate(json.loads(answer.data))


def test_every_route_is_described(client, document):
    routes = {
        (method.lower(), re.sub(r"<(?:any.*:)?(\w+)>", r"{\1}", rule.rule))
        for rule in client.application.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {(method, path) for path, operations in document["paths"].items() for method in operations}
    assert routes == described == set(EXAMPLES)


@pytest.mark.parametrize(("method", "path"), EXAMPLES)
def test_answers_fit_their_schemas(client, document, method, path):
    for example in EXAMPLES[method, path]:
        url, options = (example, {}) if isinstance(example, str) else example
        check_answer(document, method, path, client.open(url, method=method.upper(), **options))


@pytest.mark.parametrize("path", ["/zones/{id}", "/release", "/tiles/cosmogony.json", "/data/test_results.json",
                                  "/v1/zones/{id}"])  # fmt: skip
def test_answers_without_a_release_fit_their_schemas(make_client, empty, document, path):
    check_answer(document, "get", path, make_client(empty).get(path.replace("{id}", "1")))


def test_schemas_are_valid(document):
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("site", ["https://maps.example", "https://example.org/maps"])
def test_the_first_server_is_the_api_of_the_site_that_has_the_document(document, site):
    assert urljoin(f"{site}/api/v1/openapi.json", document["servers"][0]["url"]) == f"{site}/api"


def test_document_is_openapi(document):
    assert document["openapi"].startswith("3.1")
    names = [one["operationId"] for operations in document["paths"].values() for one in operations.values()]
    assert len(names) == len(set(names))
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    for reference in references:
        resolve(document, {"$ref": reference})
    used = {reference.rsplit("/", 1)[1] for reference in references}
    assert set(document["components"]["schemas"]) <= used
