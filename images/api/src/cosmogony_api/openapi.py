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

from cosmogony_api.answers import PROBLEM_TYPE
from cosmogony_api.models import COMPONENTS, Message
from cosmogony_api.models_v1 import Problem, ZoneGeometry
from cosmogony_api.operations import JSON_TYPE, Operation, is_v1, to_template
from cosmogony_api.routes import register_routes
from cosmogony_api.tables import CSV_TYPE

_INFO = {
    "title": "Cosmogony",
    "version": "1.0.0",
    "summary": "Zones made from OpenStreetMap: which hold a point, what they are called, what is above and below them",
    "description": "Each answer comes from one release; the header X-Cosmogony-Release names it. "
    "The data is © OpenStreetMap contributors, ODbL 1.0.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
# Relative to the address of the document, so that it is right below a path, too.
_SERVERS = [{"url": "../../api", "description": "Behind the site"}, {"url": "/", "description": "The API itself"}]
_HEADERS = {
    "X-Cosmogony-Release": {
        "description": "The release this answer was read from; absent over a database of the original importer",
        "schema": {"type": "string"},
    },
    "ETag": {"description": "Changes with the release", "schema": {"type": "string"}},
}
_RETRY = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}
_LOCATION = {"Location": {"schema": {"type": "string"}}}
#: OpenAPI responses with other statuses than 200 and 204, which routes share: descriptions, and headers.
_RESPONSES: dict[int, tuple[str, dict[str, Any]]] = {
    304: ("What the client has is still right", {}),
    308: ("The address of the zone by its OSM id, which is the same in all releases", _LOCATION),
    400: ("A parameter or the body is wrong; `detail` names it", {}),
    403: ("The release is not kept, or not live", {}),
    404: ("The release does not have it", {}),
    410: ("The release is no longer kept", {}),
    413: ("Too many points, zones or bytes", {}),
    415: ("The body is neither JSON nor CSV", {}),
    429: ("Too many requests of this client (from nginx)", _RETRY),
    501: ("The release was loaded by an earlier version, which did not prepare this", {}),
    503: ("The database does not answer, nothing was published yet, or too many exports are running", _RETRY),
}
_WITHOUT_BODY = (304, 308)
_ALWAYS_V1 = (400, 429)


def make_openapi(documents: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI document that describes all routes.

    Args:
        documents: schemas of the documents of the pipeline that answers contain, by name.

    Raises:
        ValueError: an answer has the name of a document that says something else.
    """
    operations = list(_list_operations())
    kinds: list[Any] = [Message, Problem, ZoneGeometry]
    for _, _, operation in operations:
        kinds += [kind for kind in (operation.answer, operation.body) if kind is not None]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=f"{COMPONENTS}{{name}}")
    by_kind = list(zip(kinds, schemas, strict=True))
    if clashes := sorted(name for name in components.keys() & documents if components[name] != documents[name]):
        raise ValueError(f"the API's types and the documents have different schemas of one name: {', '.join(clashes)}")
    paths: dict[str, Any] = {}
    responses: dict[str, Any] = {}
    for path, method, operation in operations:
        statuses = {*operation.statuses, *((304,) if operation.from_release else ())}
        statuses |= set(_ALWAYS_V1) if is_v1(path) else set()
        names = {status: _name(status, is_v1(path)) for status in sorted(statuses)}
        responses |= {name: _describe_response(status, is_v1(path)) for status, name in names.items()}
        answer, body = (_find(by_kind, wanted) for wanted in (operation.answer, operation.body))
        paths.setdefault(path, {})[method] = _describe(operation, answer, body, names)
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "servers": _SERVERS,
        "paths": paths,
        "components": {"headers": _HEADERS, "responses": responses, "schemas": {**components, **documents}},
    }


def _find(by_kind: list[tuple[Any, dict[str, Any]]], wanted: Any) -> dict[str, Any] | None:
    return next((schema for kind, schema in by_kind if kind is wanted), None)


def _list_operations() -> Iterator[tuple[str, str, Operation]]:
    """Yield path, method and operation of each route."""
    app = Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    register_routes(app)
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield to_template(rule), method.lower(), view


def _describe(
    operation: Operation, answer: dict[str, Any] | None, body: dict[str, Any] | None, others: dict[int, str]
) -> dict[str, Any]:
    summary, _, details = (inspect.getdoc(operation) or "").partition("\n\n")
    parameters = [
        {"name": name, "in": "path", "required": True, **_to_parameter(msgspec.json.schema(kind))}
        for name, kind in operation.path.items()
    ]
    if operation.query is not None:
        _, components = msgspec.json.schema_components([operation.query])
        schema = components[operation.query.__name__]
        for name, kind in schema["properties"].items():
            required = {"required": True} if name in schema.get("required", ()) else {}
            parameters.append({"name": name, "in": "query", **required, **_to_parameter(kind)})
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
    success: dict[str, Any] = {"description": summary.removesuffix(".")}
    if operation.from_release:
        success["headers"] = headers
    if answer is not None:
        success["content"] = _to_content(operation.media, answer)
    return {
        "operationId": re.sub(r"_(\w)", lambda found: found.group(1).upper(), operation.name),
        "summary": summary.removesuffix("."),
        **({"description": " ".join(details.split())} if details else {}),
        **({"parameters": parameters} if parameters else {}),
        **(
            {}
            if body is None
            else {"requestBody": {"required": True, "content": _to_content((JSON_TYPE, CSV_TYPE), body)}}
        ),
        "responses": {
            "204" if answer is None else "200": success,
            **{str(status): {"$ref": f"#/components/responses/{name}"} for status, name in others.items()},
        },
    }


def _to_content(media: Any, schema: dict[str, Any]) -> dict[str, Any]:
    first, *others = media
    return {first: {"schema": schema}, **{kind: {"schema": {"type": "string"}} for kind in others}}


def _to_parameter(schema: dict[str, Any]) -> dict[str, Any]:
    schema = dict(schema)
    options = schema.pop("anyOf", None)
    if options is not None:  # absent is null in the types, which a query string cannot be
        schema |= next(option for option in options if option != {"type": "null"})
    if schema.get("default") in (None, []):
        schema.pop("default", None)
    style = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
    return {"description": schema.pop("description", ""), **style, "schema": schema}


def _describe_response(status: int, problem: bool) -> dict[str, Any]:
    description, headers = _RESPONSES[status]
    kind, media = (Problem, PROBLEM_TYPE) if problem else (Message, JSON_TYPE)
    content = {media: {"schema": {"$ref": f"{COMPONENTS}{kind.__name__}"}}}
    return {
        "description": description,
        **({"headers": headers} if headers else {}),
        **({} if status in _WITHOUT_BODY else {"content": content}),
    }


def _name(status: int, problem: bool) -> str:
    phrase = HTTPStatus(status).phrase.replace(" ", "")
    return phrase if problem or status in _WITHOUT_BODY else f"{phrase}Message"
