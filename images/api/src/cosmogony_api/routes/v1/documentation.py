# SPDX-License-Identifier: Apache-2.0
"""Routes of the OpenAPI document and of the page that shows it."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from flask import Blueprint, Response, request
from jinja2 import Environment, PackageLoader

from cosmogony_api.answers import hash_package_code
from cosmogony_api.operations import declare_operation

blueprint = Blueprint("v1_documentation", __name__)

HTML_TYPE = "text/html"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


@cache
def read_openapi() -> str:
    """Return the OpenAPI document, as `make schemas` wrote it."""
    return resources.files("cosmogony_api").joinpath("openapi.json").read_text(encoding="utf-8")


@blueprint.get("/v1/openapi.json")
@declare_operation(dict[str, Any], 304)
def get_open_api() -> Response:
    """Return the OpenAPI 3.1 document of this API."""
    return _answer_static(read_openapi(), "application/json")


@blueprint.get("/docs")
@declare_operation(str, 304, media=(HTML_TYPE,))
def get_documentation() -> Response:
    """Return a page that shows this document."""
    response = _answer_static(render_page(), HTML_TYPE)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@cache
def render_page() -> str:
    """Return the OpenAPI document as HTML."""
    document = json.loads(read_openapi())
    environment = Environment(loader=PackageLoader("cosmogony_api"), autoescape=True, trim_blocks=True)

    def resolve(node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            kind, name = node["$ref"].split("/")[-2:]
            node = document["components"][kind][name]
        return node

    template = environment.get_template("documentation.html")
    return template.render(document=document, resolve=resolve, describe_type=describe_type)


def describe_type(schema: dict[str, Any]) -> str:
    """Return the type that a schema stands for, in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if options := schema.get("anyOf"):
        return " or ".join(describe_type(option) for option in options)
    if values := schema.get("enum"):
        return " | ".join(map(str, values))
    kind = schema.get("type", "anything")
    if kind == "array" and (items := schema.get("items")):
        return f"list of {describe_type(items)}"
    limits = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([str(kind), *limits])


def _answer_static(text: str, mimetype: str) -> Response:
    response = Response(text, mimetype=mimetype)
    response.headers["Cache-Control"] = "public, max-age=300"
    response.set_etag(hash_package_code(), weak=True)
    response.make_conditional(request)
    return response
