# SPDX-License-Identifier: Apache-2.0
"""Translate errors of S3 servers, and of the connection to them, to errors of a step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from ..errors import MissingObjectError, StepError, TransientError, UsageError

ABSENT = ("NoSuchKey", "NoSuchObject")

#: Permanent errors by S3 error code, and what to do; {prefix} is that of the environment variables.
REFUSALS: dict[str, tuple[type[StepError], str]] = {
    "AccessDenied": (StepError, "the credentials lack the right, or are wrong; check the S3 Secret"),
    "InvalidAccessKeyId": (StepError, "the access key is unknown there; check the S3 Secret"),
    "SignatureDoesNotMatch": (StepError, "the secret key is wrong; check the S3 Secret"),
    "RequestTimeTooSkewed": (StepError, "the clocks of the step and of the server differ by too much; set them"),
    "NoSuchBucket": (StepError, "the bucket does not exist; create it or correct {prefix}BUCKET"),
    "InvalidBucketName": (UsageError, "the bucket's name is not valid; correct {prefix}BUCKET"),
    "AuthorizationHeaderMalformed": (StepError, "the region is another one; correct {prefix}REGION"),
    "InvalidRegion": (StepError, "the region is another one; correct {prefix}REGION"),
    "PermanentRedirect": (StepError, "the bucket is served elsewhere; correct {prefix}ENDPOINT and {prefix}REGION"),
    "NotImplemented": (StepError, "the server cannot do this; use an S3 server with multipart uploads"),
    "EntityTooLarge": (StepError, "the server refuses files of this size; raise its limit"),
    "BadRequest": (StepError, "the server gives no reason; check {prefix}REGION and the S3 Secret"),
    "MethodNotAllowed": (StepError, "the server refuses the method; check {prefix}ENDPOINT"),
}

_NO_TLS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER", "HTTP_REQUEST")


@contextmanager
def translate_errors(where: str, action: str, prefix: str = "S3_") -> Iterator[None]:
    """Translate errors of the S3 client to errors of a step, each with one line of text.

    Other errors, such as those of a stream that is uploaded, are not changed.

    Args:
        where: server and bucket.
        action: what is being done, such as "reading KEY".
        prefix: of the environment variables that configure the server.

    Raises:
        UsageError: a setting is wrong.
        MissingObjectError: the object does not exist.
        TransientError: a retry can help.
        StepError: another permanent error.
    """
    what = f"{action} at {where}"
    try:
        yield
    except S3Error as cause:
        raise make_error(what, str(cause.code), cause.message or "", cause.object_name, prefix) from cause
    except InvalidResponseError as cause:
        if "HTTP request to an HTTPS server" in str(cause):
            raise StepError(f"{what} refused: the server expects TLS; set {prefix}SECURE to true") from cause
        raise TransientError(
            f"{what} failed ({_get_first_line(cause)}); is this the S3 port, and is the server up?"
        ) from cause
    except ServerError as cause:
        if cause.status_code < 500 and cause.status_code not in (408, 429):
            raise StepError(
                f"{what} refused ({_get_first_line(cause)}); check {prefix}ENDPOINT, {prefix}REGION and the S3 Secret"
            ) from cause
        raise TransientError(
            f"{what} failed ({_get_first_line(cause)}); is this the S3 port, and is the server up?"
        ) from cause
    except HTTPError as cause:
        raise _translate_connection_error(what, cause, prefix) from cause
    except MinioException as cause:
        raise TransientError(f"{what} failed ({_get_first_line(cause)}); try again later") from cause


def make_error(what: str, code: str, message: str, key: str | None = None, prefix: str = "S3_") -> StepError:
    """Return the exception for the error code of an S3 server. An unknown code counts as transient."""
    if code in ABSENT:
        return MissingObjectError(f"{what} failed: {key or 'the object'} does not exist")
    if code in REFUSALS:
        kind, advice = REFUSALS[code]
        return kind(f"{what} refused ({code}): {advice.format(prefix=prefix)}")
    return TransientError(f"{what} failed ({code}: {message}); try again later")


def _translate_connection_error(what: str, cause: HTTPError, prefix: str) -> StepError:
    text = str(cause)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        advice = "add its CA to cosmogony_ca_bundle (variable CA_BUNDLE)"
        return StepError(f"{what} failed: its certificate is not trusted; {advice}")
    if any(sign in text for sign in _NO_TLS):
        return StepError(f"{what} failed: the server does not speak TLS; set {prefix}SECURE to false")
    reason = getattr(cause, "reason", None)
    short = _get_first_line(reason if isinstance(reason, BaseException) else cause)
    return TransientError(f"{what} failed ({short}); is the server up?")


def _get_first_line(cause: BaseException) -> str:
    """Return the first line of an error's text, or the name of its type where it has none."""
    return (str(cause).splitlines() or [type(cause).__name__])[0]
