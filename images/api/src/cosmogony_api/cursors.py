# SPDX-License-Identifier: Apache-2.0
"""Cursors of lists: the release of the first page and the place where the next one begins, as opaque text."""

from __future__ import annotations

import base64
import binascii

import msgspec
from werkzeug.exceptions import BadRequest

from cosmogony_api.releases import RELEASE_ID
from cosmogony_api.structs import prepare_for_threads


@prepare_for_threads
class Cursor(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A place in a list that is sorted by name, then by id."""

    release: str
    name: str
    id: int


def encode_cursor(cursor: Cursor) -> str:
    """Return the text of a cursor, which needs no escapes in a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """Return the cursor of a text.

    Raises:
        BadRequest: the text is not one that `encode_cursor` makes.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, ValueError):
        cursor = None
    if cursor is None or not RELEASE_ID.fullmatch(cursor.release) or "\0" in cursor.name or abs(cursor.id) >= 2**63:
        raise BadRequest("Parameter cursor is not the value of `next` of an earlier answer")
    return cursor
