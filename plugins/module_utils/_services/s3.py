# SPDX-License-Identifier: Apache-2.0
# Private to this collection: may change in any release.
"""A connection to an S3 store, whose errors say what is wrong and what to do next."""

from __future__ import annotations

import contextlib
import io
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from .._errors import describe_cause
from .errors import ServiceError, make_refusal
from .options import locate_credential
from .portforward import forward_to_service

PROBE_PREFIX = ".cosmogony-readiness/"

# By error code of S3: reason, cause, next step. {access_key} and {secret_key} become the places they come from.
REFUSALS = {
    "InvalidAccessKeyId": ("access_key_refused", "access key refused", "check {access_key}"),
    "SignatureDoesNotMatch": ("secret_key_refused", "secret key refused", "check {secret_key}"),
    "AccessDenied": (
        "access_denied",
        "access to bucket {bucket} denied",
        "give the user of the access key the rights to list the bucket and to read, write and delete objects in it",
    ),
    "NoSuchBucket": (
        "bucket_missing",
        "bucket {bucket} does not exist",
        "create it (module cosmogony.stack.s3_bucket does), or correct minio.bucket",
    ),
    "AuthorizationHeaderMalformed": ("region_refused", "region refused", "correct minio.region"),
    "RequestTimeTooSkewed": (
        "clock_differs",
        "the clocks of this machine and of the store differ too much",
        "set the clocks",
    ),
    "InvalidBucketName": (
        "bucket_name_refused",
        "{bucket} is not a valid bucket name",
        "correct minio.bucket (3 to 63 lower-case letters, digits, dots and hyphens)",
    ),
    "BucketAlreadyExists": (
        "bucket_of_others",
        "bucket {bucket} belongs to somebody else",
        "choose another minio.bucket",
    ),
}
TRANSIENT = {"SlowDown", "ServiceUnavailable", "InternalError", "XMinioServerNotInitialized", "RequestTimeout"}


class S3Store:
    """One store, reached directly or through the port-forward of the Kubernetes API server.

    Attributes:
        bucket: Name of the bucket.
        server: How the store called itself in its last answer.
    """

    def __init__(self, options: Mapping[str, Any], api: Any = None) -> None:
        """Take the suboptions of ``minio``; ``api`` is needed where they name a Service."""
        self.options = options
        self.bucket: str = options["bucket"]
        self.server = ""
        self._api = api

    @property
    def address(self) -> str:
        """Host and port as the option names them, or those of the Service."""
        service = self.options["service"]
        if self.options["endpoint"] or not service:
            return str(self.options["endpoint"])
        return f"{service['name']}.{service['namespace']}.svc:{service['port']}"

    @property
    def url(self) -> str:
        """URL of the store: http or https, host and port."""
        return f"http{'s' if self.options['secure'] else ''}://{self.address}"

    @property
    def subject(self) -> str:
        """The S3 store and its URL as error messages begin with them."""
        return f"S3 endpoint {self.url}"

    @contextlib.contextmanager
    def connect(self, timeout: float) -> Iterator[Any]:
        """Yield a client of MinIO's Python SDK, whose calls take ``timeout`` seconds at most.

        Raises:
            ServiceError: A call in the block failed.
        """
        with forward_to_service(self.options["service"], self._api) as local, self._translate_errors():
            http = self._make_pool(timeout)
            try:
                yield self._make_client(f"{local[0]}:{local[1]}" if local else self.address, http)
            finally:
                self.server = http.server
                http.clear()

    def _make_client(self, endpoint: str, http: Any) -> Any:
        from minio import Minio

        return Minio(
            endpoint,
            access_key=self.options["access_key"],
            secret_key=self.options["secret_key"],
            session_token=self.options["session_token"],
            secure=self.options["secure"],
            region=self.options["region"],
            http_client=http,
        )

    def _make_pool(self, timeout: float) -> Any:
        import urllib3

        class Pool(urllib3.PoolManager):
            """Remembers how the server calls itself."""

            server = ""

            def urlopen(self, *args: Any, **kwargs: Any) -> Any:
                response = super().urlopen(*args, **kwargs)
                self.server = response.headers.get("Server", self.server)
                return response

        tls: dict[str, Any] = {"cert_reqs": "CERT_REQUIRED" if self.options["validate_certs"] else "CERT_NONE"}
        if not self.options["validate_certs"]:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if self.options["ca_path"]:
            tls["ca_certs"] = self.options["ca_path"]
        if self.options["service"] and self.options["secure"]:
            name = self.address.rsplit(":", 1)[0]
            tls.update(server_hostname=name, assert_hostname=name if self.options["validate_certs"] else False)
        return Pool(timeout=urllib3.Timeout(connect=timeout, read=timeout), retries=False, **tls)

    @contextlib.contextmanager
    def _translate_errors(self) -> Iterator[None]:
        import urllib3
        from minio.error import InvalidResponseError, S3Error, ServerError

        try:
            yield
        except S3Error as error:
            raise self._from_s3_error(error) from error
        except InvalidResponseError as error:
            raise _from_foreign_answer(error) from error
        except ServerError as error:
            raise ServiceError("server_error", f"answers {error}", "look at the store's own log") from error
        except ValueError as error:
            # The error's text may hold a header with credentials; only texts about endpoint and bucket are passed on.
            cause = str(error) if "bucket" in str(error) or "endpoint" in str(error) else "an option is refused"
            raise make_refusal("setting_refused", cause, "correct minio.endpoint or minio.bucket") from error
        except urllib3.exceptions.HTTPError as error:
            raise _from_connection_error(error) from error

    def has_bucket(self, client: Any) -> bool:
        """Return whether the bucket exists, by a signed call on it whose refusals name their cause."""
        from minio.error import S3Error

        try:
            next(iter(client.list_objects(self.bucket, prefix=PROBE_PREFIX)), None)
        except S3Error as error:
            if error.code != "NoSuchBucket":
                raise
            return False
        return True

    def make_error(self, code: str) -> ServiceError:
        """Return the ServiceError for an S3 error code that REFUSALS explains."""
        reason, cause, advice = REFUSALS[code]
        names = {option: locate_credential("minio", option, self.options) for option in ("access_key", "secret_key")}
        return make_refusal(reason, f"{cause.format(bucket=self.bucket)} ({code})", advice.format(**names))

    def write_and_delete_probe(self, client: Any) -> None:
        """Write a small object to the bucket, read it back and delete it.

        Raises:
            ServiceError: It came back changed.
        """
        name, content = PROBE_PREFIX + secrets.token_hex(8), secrets.token_bytes(32)
        client.put_object(self.bucket, name, io.BytesIO(content), len(content))
        try:
            response = client.get_object(self.bucket, name)
            try:
                found = response.read()
            finally:
                response.close()
                response.release_conn()
            if found != content:
                raise ServiceError("object_differs", f"object {name} came back changed", "look at the store's own log")
        finally:
            client.remove_object(self.bucket, name)

    def _from_s3_error(self, error: Any) -> ServiceError:
        status = getattr(error.response, "status", 0)
        if error.code in TRANSIENT or (status >= 500 and error.code != "NotImplemented"):
            cause = f"not ready yet ({error.code}: {error.message})"
            return ServiceError("server_error", cause, "look at the store's own log")
        if error.code in REFUSALS:
            return self.make_error(error.code)
        return make_refusal("refused", f"refused ({error.code}: {error.message})", "check the options of minio")


def _from_foreign_answer(error: Exception) -> ServiceError:
    text = " ".join(str(error).split())[:200]
    if "HTTP request to an HTTPS server" in text:
        return make_refusal("scheme_refused", "expects TLS", "set minio.secure to true")
    return ServiceError("no_s3", f"does not answer as an S3 store ({text})", "check minio.endpoint")


def _from_connection_error(error: Exception) -> ServiceError:
    import ssl

    import urllib3

    if isinstance(error, urllib3.exceptions.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return _from_tls_error(error)
    if isinstance(error, (urllib3.exceptions.LocationParseError, urllib3.exceptions.LocationValueError)):
        return make_refusal("setting_refused", f"{error}", "correct minio.endpoint")
    return ServiceError(
        "unreachable",
        f"cannot be reached from the controller ({describe_cause(error)})",
        "check that it runs, and minio.endpoint; name its Service in minio.service if only the cluster reaches it",
    )


def _from_tls_error(error: Exception) -> ServiceError:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "doesn't match" in text:
        return make_refusal(
            "certificate_refused",
            f"its certificate is not trusted ({describe_cause(error)})",
            "give the CA that signed it (minio.ca_path), or the name that the certificate holds (minio.endpoint)",
        )
    if any(word in text for word in ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "RECORD_LAYER", "HTTP_REQUEST")):
        return make_refusal("scheme_refused", "does not speak TLS", "set minio.secure to false")
    return ServiceError("tls_failed", f"TLS failed ({describe_cause(error)})", "check the store's TLS settings")
