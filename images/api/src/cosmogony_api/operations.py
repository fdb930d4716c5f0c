# SPDX-License-Identifier: Apache-2.0
"""View functions with the types of their answers and queries, from which the OpenAPI document is made."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, get_type_hints

import msgspec
from flask import Response, request
from werkzeug.routing import Rule

from cosmogony_api.parameters import parse_query
from cosmogony_api.structs import prepare_for_threads

View: TypeAlias = Callable[..., Response]
JSON_TYPE = "application/json"


class NoQuery(msgspec.Struct):
    """The query of a route that has no parameters."""


def is_v1(path: str) -> bool:
    """Return whether a path is one of /v1: its query is checked strictly, and its errors are problem documents."""
    return path == "/v1" or path.startswith("/v1/")


def to_template(rule: Rule) -> str:
    """Return the path of a route as the OpenAPI document has it: `/v1/zones/{id}`."""
    return re.sub(r"<(?:[^<>]+:)?(\w+)>", r"{\1}", rule.rule)


class Operation:
    """A view function of Flask, with what the OpenAPI document says about it.

    Attributes:
        name: name of the view.
        answer: type of the JSON of a successful answer; None when it has no body (204).
        statuses: the other statuses that it answers.
        from_release: whether it answers from one release, named in headers, and knows 304.
        media: media types of a successful answer; the schema of `answer` is that of the first one.
        body: type of the JSON of the request, which may be CSV instead; None for a request without a body.
        path: types of the variable parts of its path, by name.
        query: type of its query, or None.
    """

    def __init__(
        self, view: View, answer: Any, statuses: tuple[int, ...], from_release: bool, media: Sequence[str], body: Any
    ) -> None:
        functools.update_wrapper(self, view)
        self.name = view.__name__
        self._view = view
        self.answer = answer
        self.statuses = statuses
        self.from_release = from_release
        self.media = media
        self.body = body
        self.path = get_type_hints(view, include_extras=True)
        del self.path["return"]
        self.query = self.path.pop("query", None)
        if self.query is not None:
            prepare_for_threads(self.query)

    def __call__(self, **arguments: Any) -> Response:
        """Call the view function, with the query string of the request converted to its type."""
        if is_v1(request.path):
            query: Any = parse_query(request.query_string, self.query or NoQuery)
        elif self.query is not None:
            query = msgspec.convert(request.args.to_dict(), self.query)
        if self.query is not None:
            arguments["query"] = query
        return self._view(**arguments)


def declare_operation(
    answer: Any,
    *statuses: int,
    from_release: bool = False,
    media: Sequence[str] = (JSON_TYPE,),
    body: Any = None,
) -> Callable[[Callable[..., Response]], Operation]:
    """Make a view function an operation: it gets its query checked, and the OpenAPI document says what it answers.

    The rest is read from the view: its name, its docstring, the types of its parameters. One that is called ``query``
    is read from the query of the URL.

    Args:
        answer: type of the JSON of a successful answer; None when it has no body (204).
        statuses: the other statuses that it answers.
        from_release: whether it answers from one release.
        media: media types of a successful answer; the schema of the first one is that of `answer`.
        body: type of the JSON of the request, which may be CSV instead.
    """
    return lambda view: Operation(view, answer, statuses, from_release, media, body)
