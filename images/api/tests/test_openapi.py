# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document is valid, complete, and true: real answers fit its schemas."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from .support import data

EXAMPLES = {
    "/zones/{id}": ["/zones/41", "/zones/7", "/zones/61", "/zones/0", f"/zones/7?v={data.OLD}"],
    "/zones/{id}/parents": ["/zones/52/parents", "/zones/72/parents", "/zones/0/parents"],
    "/v1/zones/osm/{osm_id}": ["/v1/zones/osm/relation:900041", "/v1/zones/osm/node:0"],
    "/v1/zones/osm/{osm_id}/parents": ["/v1/zones/osm/node:900052/parents", "/v1/zones/osm/x/parents"],
    "/release": ["/release"],
    "/releases": ["/releases"],
    "/releases/{id}": [f"/releases/{data.NEW}", f"/releases/{data.OLD}", "/releases/none"],
    "/releases/{id}/check": [f"/releases/{data.NEW}/check", "/releases/none/check"],
    "/data/test_results.json": ["/data/test_results.json"],
    "/tiles/cosmogony.json": ["/tiles/cosmogony.json"],
    "/openapi.json": ["/openapi.json"],
    "/health/live": ["/health/live"],
    "/health/ready": ["/health/ready"],
}


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json


def resolve(document, node):
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def check_answer(document, path, answer):
    """Check an answer against the schema of its path and status."""
    described = document["paths"][path]["get"]["responses"]
    assert str(answer.status_code) in described, f"{answer.status_code} of {path} is not described"
    response = resolve(document, described[str(answer.status_code)])
    content = response.get("content")
    if content is None:
        assert answer.data == b""
        return
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(answer.json)


def test_every_route_is_described(client, document):
    routes = {re.sub(r"<(\w+)>", r"{\1}", rule.rule) for rule in client.application.url_map.iter_rules()}
    assert routes == set(document["paths"]) == set(EXAMPLES)


@pytest.mark.parametrize(("path", "url"), [(path, url) for path, urls in EXAMPLES.items() for url in urls])
def test_answers_fit_their_schemas(client, document, path, url):
    check_answer(document, path, client.get(url))


@pytest.mark.parametrize("path", ["/zones/{id}", "/release", "/tiles/cosmogony.json", "/data/test_results.json"])
def test_answers_without_a_release_fit_their_schemas(make_client, empty, document, path):
    check_answer(document, path, make_client(empty).get(path.replace("{id}", "1")))


def test_schemas_are_valid(document):
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_document_is_openapi(document):
    assert document["openapi"].startswith("3.1")
    names = [operation["get"]["operationId"] for operation in document["paths"].values()]
    assert len(names) == len(set(names))
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    for reference in references:
        resolve(document, {"$ref": reference})
    used = {reference.rsplit("/", 1)[1] for reference in references}
    assert set(document["components"]["schemas"]) <= used
