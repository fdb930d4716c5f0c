# SPDX-License-Identifier: Apache-2.0
"""Read the zones of one large JSON object, one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any

from cosmogony_steps.errors import StepError

CHUNK = 1 << 20  # bytes that are read from the stream at a time
BYTE_ORDER_MARK = "\ufeff"


def iterate_zones(stream: IO[bytes], name: str) -> Iterator[Any]:
    """Yield the elements of the array `zones` of a large object, with one element in memory at a time.

    Args:
        stream: the text of the file in UTF-8.
        name: of the file, for messages.

    Raises:
        StepError: the file is not such a document, or is truncated.
    """
    text = _JsonStream(stream, name)
    if text.peek() == BYTE_ORDER_MARK:
        text.expect(BYTE_ORDER_MARK)
    text.expect("{")
    found = False
    if text.peek() == "}":
        text.expect("}")
    else:
        while True:
            key = text.read_value()
            text.expect(":")
            if key == "zones":
                found = True
                yield from text.read_elements()
            else:
                text.read_value()
            if text.expect(",}") == "}":
                break
    if not found:
        raise StepError(f"{name} has no array zones; is it a cosmogony file?")


class _JsonStream:
    """A buffer over a stream that decodes one JSON value after the other."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.stream, self.name = stream, name
        self.buffer, self.position, self.ended = "", 0, False
        self.decoder = json.JSONDecoder()
        self.partial = b""  # first bytes of a UTF-8 character whose other bytes are not read yet

    def _fill(self, size: int) -> None:
        data = self.stream.read(size)
        self.ended = not data
        data = self.partial + data
        try:
            text, self.partial = data.decode(), b""
        except UnicodeDecodeError as error:
            if self.ended or len(data) - error.start > 3:
                raise StepError(f"{self.name} is not UTF-8: {error}") from error
            text, self.partial = data[: error.start].decode(), data[error.start :]
        self.buffer = self.buffer[self.position :] + text
        self.position = 0

    def peek(self) -> str:
        """Return the next character that is not blank, which stays in the buffer."""
        while True:
            while self.position < len(self.buffer) and self.buffer[self.position] in " \t\r\n":
                self.position += 1
            if self.position < len(self.buffer):
                return self.buffer[self.position]
            if self.ended:
                raise StepError(f"{self.name} is truncated; make it again")
            self._fill(CHUNK)

    def expect(self, characters: str) -> str:
        """Consume the next character, which must be one of these."""
        found = self.peek()
        if found not in characters:
            raise StepError(f"{self.name} is not JSON: {found!r} where {' or '.join(characters)} should be")
        self.position += 1
        return found

    def read_value(self) -> Any:
        """Consume one JSON value and return it."""
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.position)
            except RecursionError as error:
                raise StepError(f"{self.name} is nested too deeply; is it a cosmogony file?") from error
            except json.JSONDecodeError as error:
                if self.ended:
                    raise StepError(f"{self.name} is not JSON or is truncated: {error.msg}") from error
            else:
                # a number at the end of the buffer may continue in the next chunk, as 12, 12. and 12e- do
                if self.ended or self.buffer[end : end + 3].strip(".eE+-"):
                    self.position = end
                    return value
            self._fill(
                max(CHUNK, len(self.buffer) - self.position)
            )  # reads twice as much each time, so that a large value is not parsed too often

    def read_elements(self) -> Iterator[Any]:
        """Yield the elements of an array."""
        self.expect("[")
        if self.peek() == "]":
            self.expect("]")
            return
        while True:
            yield self.read_value()
            if self.expect(",]") == "]":
                return
