# SPDX-License-Identifier: Apache-2.0
"""Base of all documents: a format number, reading with checks, writing as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Self, TypeVar

import msgspec

from .. import conversion
from ..conversion import describe_value
from ..errors import StepError

NO_FORMAT: Final = 0  # the format of documents without a number, which are the oldest


def describe_field(text: str) -> msgspec.Meta:
    """Return the msgspec metadata with which a JSON Schema describes a field."""
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
    """A document is invalid; the message names document, key, field, and the value that was found."""


class NewerFormatError(DocumentError):
    """A newer version of the programs has written the document."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON document in the bucket or the database.

    Each type has its own ``format``. It rises when readers of the format before would misunderstand a document: a key
    that they need is gone, has another meaning, or has a value that they do not know.
    """

    TITLE: ClassVar[str]
    FORMAT: ClassVar[int]
    REMEDY: ClassVar[str]  # how to get a valid document, for the end of error messages

    @classmethod
    def from_json(cls, data: object, key: str) -> Self:
        """Check a parsed JSON document and convert it.

        Args:
            data: the document, in this format or an earlier one. Unknown keys are ignored.
            key: where it was read, for messages.

        Raises:
            NewerFormatError: a newer version has written it.
            DocumentError: a field is missing or has another type.
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
        return convert_document(current, cls, f"{cls.TITLE} {key}", cls.REMEDY)

    @classmethod
    def upgrade(cls, data: Mapping[str, Any], number: int) -> Mapping[str, Any]:
        """Convert a document of the format `number` to the current format."""
        return data

    def to_json(self) -> dict[str, Any]:
        """Return the document as plain JSON values."""
        document: dict[str, Any] = to_json(self)
        return document


def to_json(value: object) -> Any:
    """Return a document, or a part of one, as plain JSON values."""
    return msgspec.json.decode(msgspec.json.encode(value))


def fits_type(data: object, kind: Any) -> bool:
    """Return whether plain JSON values can be converted to a type."""
    try:
        conversion.convert_value(data, kind)
    except conversion.MismatchError:
        return False
    return True


def convert_document(data: object, kind: type[_T], name: str, remedy: str) -> _T:
    """Convert plain JSON values to an object of a type, with errors that name the document.

    Raises:
        DocumentError: they do not fit; the message begins with `name` and ends with `remedy`.
    """
    try:
        return conversion.convert_value(data, kind)
    except conversion.MismatchError as cause:
        raise DocumentError(f"{name}: {cause}; {remedy}") from cause
