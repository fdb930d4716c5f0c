# SPDX-License-Identifier: Apache-2.0
"""What all documents have in common: a format number, reading with checks, writing as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Self, TypeVar

import msgspec

from .. import conversion
from ..conversion import describe_value
from ..errors import StepError

NO_FORMAT: Final = 0  # of documents from before there were format numbers


def describe(text: str) -> msgspec.Meta:
    """Say in the schema what a field is."""
    return msgspec.Meta(description=text)


Bytes = Annotated[int, msgspec.Meta(ge=0, description="bytes")]
Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0, description="seconds")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Digest = Annotated[str, msgspec.Meta(description="sha256 in hexadecimal digits")]
Day = Annotated[str, msgspec.Meta(description="day, like 2026-11-22", examples=["2026-11-22"])]
Names = tuple[str, ...]

_T = TypeVar("_T")


class DocumentError(StepError):
    """A document is not what its name promises; the message names document, key, field, and what was found."""


class NewerFormatError(DocumentError):
    """A document was written by a newer version of these programs."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON document in the bucket or the database.

    Each kind has its own ``format``, which is raised when a reader of the format before would misunderstand it:
    a key that it needs is gone, means something else, or has a value that it does not know.
    """

    TITLE: ClassVar[str]
    FORMAT: ClassVar[int]
    REMEDY: ClassVar[str]  # what makes the document again, as the end of a message

    @classmethod
    def from_json(cls, data: object, key: str) -> Self:
        """Check a parsed JSON document.

        Args:
            data: the document, of this format or one before; one without a number is of the format before there
                were any. Keys that are not known are ignored.
            key: where it was read, for messages.

        Raises:
            NewerFormatError: if a newer version wrote it.
            DocumentError: if a field is missing or has a value of another type.
        """
        if not isinstance(data, Mapping):
            raise DocumentError(
                f"{cls.TITLE} {key}: a JSON object is expected, found {describe_value(data)}; {cls.REMEDY}"
            )
        number = data.get("format", NO_FORMAT)
        if not isinstance(number, int) or isinstance(number, bool):
            raise DocumentError(
                f"{cls.TITLE} {key}: field format: a whole number is expected, found {describe_value(number)};"
                f" {cls.REMEDY}"
            )
        if number > cls.FORMAT:
            raise NewerFormatError(
                f"{cls.TITLE} {key} has format {number}, this program reads up to {cls.FORMAT}: a newer version wrote"
                f" it; deploy that version again, or {cls.REMEDY}"
            )
        current = {**cls.upgrade(data, number), "format": cls.FORMAT}
        return convert(current, cls, f"{cls.TITLE} {key}", cls.REMEDY)

    @classmethod
    def upgrade(cls, data: Mapping[str, Any], number: int) -> Mapping[str, Any]:
        """Return a document of the format `number`, this one or an earlier one, in the shape of this one."""
        return data

    def to_json(self) -> dict[str, Any]:
        """Return the document as `json.dumps` takes it."""
        document: dict[str, Any] = to_json(self)
        return document


def to_json(value: object) -> Any:
    """Return a value of these types as plain JSON values."""
    return msgspec.json.decode(msgspec.json.encode(value))


def is_valid(data: object, kind: Any) -> bool:
    """Return whether plain JSON values make a value of a type."""
    try:
        conversion.convert(data, kind)
    except conversion.MismatchError:
        return False
    return True


def convert(data: object, kind: type[_T], name: str, remedy: str) -> _T:
    """Make a value of a type out of plain JSON values; a `DocumentError` says where they do not fit."""
    try:
        return conversion.convert(data, kind)
    except conversion.MismatchError as cause:
        raise DocumentError(f"{name}: {cause}; {remedy}") from cause
