# SPDX-License-Identifier: Apache-2.0
"""View functions with the types of their answers and queries, from which the OpenAPI document is made."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias, get_type_hints

import msgspec
from flask import Response, request

View: TypeAlias = Callable[..., Response]


class Operation:
    """A view function of Flask, with what the OpenAPI document says about it.

    Attributes:
        name: name of the view.
        answer: type of the JSON of a successful answer; None when it has no body (204).
        statuses: the other statuses that it answers.
        from_release: whether it answers from one release, named in headers, and knows 304.
        path: types of the variable parts of its path, by name.
        query: type of its query, or None.
    """

    def __init__(self, view: View, answer: Any, statuses: tuple[int, ...], from_release: bool) -> None:
        functools.update_wrapper(self, view)
        self.name = view.__name__
        self._view = view
        self.answer = answer
        self.statuses = statuses
        self.from_release = from_release
        self.path = get_type_hints(view, include_extras=True)
        del self.path["return"]
        self.query = self.path.pop("query", None)

    def __call__(self, **arguments: Any) -> Response:
        """Call the view function, with the query string of the request converted to its type."""
        if self.query is not None:
            arguments["query"] = msgspec.convert(request.args.to_dict(), self.query)
        return self._view(**arguments)


def describe(answer: Any, *statuses: int, from_release: bool = False) -> Callable[[Callable[..., Response]], Operation]:
    """Decorate a view function with what it answers, for the OpenAPI document.

    The rest is read from the view: its name, its docstring, the types of its parameters. One that is called ``query``
    is read from the query of the URL.

    Args:
        answer: type of the JSON of a successful answer; None when it has no body (204).
        statuses: the other statuses that it answers.
        from_release: whether it answers from one release.
    """
    return lambda view: Operation(view, answer, statuses, from_release)
