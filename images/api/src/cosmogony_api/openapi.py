# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document, made from the routes; `make schemas` writes it to openapi.json."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Flask
from werkzeug.routing import Rule

from cosmogony_api.models import COMPONENTS, Message
from cosmogony_api.operations import Operation
from cosmogony_api.routes import register_routes

_INFO = {
    "title": "Cosmogony",
    "version": "1.0.0",
    "summary": "Zones made from OpenStreetMap, their parents and children",
    "description": "Each answer comes from one release; the header X-Cosmogony-Release names it. "
    "The data is © OpenStreetMap contributors, ODbL 1.0.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
_SERVERS = [{"url": "/api", "description": "Behind the site"}, {"url": "/", "description": "The API itself"}]
_HEADERS = {
    "X-Cosmogony-Release": {
        "description": "The release this answer was read from; absent over a database of the original importer",
        "schema": {"type": "string"},
    },
    "ETag": {"description": "Changes with the release", "schema": {"type": "string"}},
}
_MESSAGE = {"application/json": {"schema": {"$ref": f"{COMPONENTS}Message"}}}
# OpenAPI responses with other statuses than 200 and 204, which all routes share; keys are the names of the statuses.
_RESPONSES: dict[str, dict[str, Any]] = {
    "NotModified": {"description": "What the client has is still right"},
    "Forbidden": {"description": "The release is not kept, or not live", "content": _MESSAGE},
    "NotFound": {"description": "The release does not have it", "content": _MESSAGE},
    "ServiceUnavailable": {
        "description": "The database does not answer, or nothing was published yet",
        "headers": {"Retry-After": {"schema": {"type": "integer"}}},
        "content": _MESSAGE,
    },
}


def make_openapi(documents: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI document that describes all routes.

    Args:
        documents: schemas of the documents of the pipeline that answers contain, by name.
    """
    operations = dict(_list_operations())
    kinds = [Message, *(operation.answer for operation in operations.values() if operation.answer is not None)]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=f"{COMPONENTS}{{name}}")
    bodies = iter(schemas[1:])
    paths = {
        path: {"get": _describe(operation, None if operation.answer is None else next(bodies))}
        for path, operation in operations.items()
    }
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": _SERVERS,
        "paths": paths,
        "components": {"headers": _HEADERS, "responses": _RESPONSES, "schemas": {**components, **documents}},
    }


def _list_operations() -> Iterator[tuple[str, Operation]]:
    app = Flask(__name__, static_folder=None)
    register_routes(app)
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        yield _to_template(rule), view


def _to_template(rule: Rule) -> str:
    return re.sub(r"<(\w+)>", r"{\1}", rule.rule)


def _describe(operation: Operation, body: dict[str, Any] | None) -> dict[str, Any]:
    summary, _, details = (inspect.getdoc(operation) or "").partition("\n\n")
    parameters = [
        {"name": name, "in": "path", "required": True, **_to_parameter(msgspec.json.schema(kind))}
        for name, kind in operation.path.items()
    ]
    if operation.query is not None:
        _, components = msgspec.json.schema_components([operation.query])
        parameters += [
            {"name": name, "in": "query", **_to_parameter(schema)}
            for name, schema in components[operation.query.__name__]["properties"].items()
        ]
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
    success: dict[str, Any] = {"description": summary.removesuffix(".")}
    if operation.from_release:
        success["headers"] = headers
    if body is not None:
        success["content"] = {"application/json": {"schema": body}}
    others = (304, *operation.statuses) if operation.from_release else operation.statuses
    return {
        "operationId": re.sub(r"_(\w)", lambda found: found.group(1).upper(), operation.name),
        "summary": summary.removesuffix("."),
        **({"description": " ".join(details.split())} if details else {}),
        **({"parameters": parameters} if parameters else {}),
        "responses": {
            "204" if body is None else "200": success,
            **{str(status): {"$ref": f"#/components/responses/{_name(status)}"} for status in others},
        },
    }


def _to_parameter(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": schema.pop("description"), "schema": schema}


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.replace(" ", "")
